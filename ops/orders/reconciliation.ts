import { isOpenState, type JournaledOrder } from './journaled-order.ts'
import type { LedgerSum } from './ledger-file.ts'

/** Something on which the journal and the provider's ledger disagree. */
export interface Difference {
  readonly order: string
  readonly kind: 'not charged' | 'charged twice' | 'kept' | 'given back' | 'other amount' | 'unknown order'
  /** By the journal; absent if it does not know the order. */
  readonly state?: JournaledOrder['state']
  readonly currency: string
  /** What the provider should have kept, by the journal. */
  readonly expectedMinor: number
  /** What it has kept, by its ledger. */
  readonly keptMinor: number
}

export interface ReconciliationCounts {
  orders: number
  agreeing: number
  /** Orders whose outcome is not known here yet, so that the ledger may say anything. */
  open: number
  differences: number
}

/**
 * Holds orders against a ledger, one after another; {@link Reconciliation.rest} then tells what the ledger has beside them.
 */
export class Reconciliation {
  readonly counts: ReconciliationCounts = { orders: 0, agreeing: 0, open: 0, differences: 0 }
  private readonly unseen: Map<string, readonly LedgerSum[]>

  constructor(ledger: ReadonlyMap<string, readonly LedgerSum[]>) {
    this.unseen = new Map(ledger)
  }

  judge(order: JournaledOrder): readonly Difference[] {
    const sums = this.unseen.get(order.order) ?? []
    this.unseen.delete(order.order)
    this.counts.orders++
    const differences = [...this.inItsCurrency(order, sums), ...this.inOthers(order, sums)]
    this.counts.differences += differences.length
    if (differences.length > 0) return differences
    if (isOpenState(order.state)) this.counts.open++
    else this.counts.agreeing++
    return differences
  }

  /** Money that the ledger has kept for what is no order in the journal. */
  *rest(): Generator<Difference> {
    for (const [order, sums] of this.unseen) {
      for (const sum of sums) {
        const keptMinor = keptOf(sum)
        if (keptMinor === 0) continue
        this.counts.differences++
        yield { order, kind: 'unknown order', currency: sum.currency, expectedMinor: 0, keptMinor }
      }
    }
  }

  private inItsCurrency(order: JournaledOrder, sums: readonly LedgerSum[]): readonly Difference[] {
    const { amountMinor, currency, state } = order
    const sum = sums.find((one) => one.currency === currency) ?? { currency, charges: 0, chargedMinor: 0, refundedMinor: 0 }
    const keptMinor = keptOf(sum)
    const expectedMinor = state === 'paid' ? amountMinor : 0
    const found = (kind: Difference['kind']): readonly Difference[] => [
      { order: order.order, kind, state, currency, expectedMinor, keptMinor },
    ]
    if (sum.charges > 1) return found('charged twice')
    if (isOpenState(order.state) || keptMinor === expectedMinor) return []
    if (sum.charges === 0 && amountMinor > 0) return found('not charged')
    if (state !== 'paid') return found('kept')
    return found(keptMinor < expectedMinor && sum.refundedMinor > 0 ? 'given back' : 'other amount')
  }

  private inOthers(order: JournaledOrder, sums: readonly LedgerSum[]): readonly Difference[] {
    const { state } = order
    return sums
      .filter((sum) => sum.currency !== order.currency && keptOf(sum) !== 0)
      .map((sum) => ({ order: order.order, kind: 'other amount', state, currency: sum.currency, expectedMinor: 0, keptMinor: keptOf(sum) }))
  }
}

function keptOf({ chargedMinor, refundedMinor }: LedgerSum): number {
  return chargedMinor - refundedMinor
}
