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
 * Holds orders against a ledger, one line after another, of which the latest about an order counts. Where something was given back of what was paid, here or there,
 * more lines may come: {@link Reconciliation.rest} judges those, and then tells what the ledger has beside all of them.
 */
export class Reconciliation {
  readonly counts: ReconciliationCounts = { orders: 0, agreeing: 0, open: 0, differences: 0 }
  private readonly ledger: ReadonlyMap<string, readonly LedgerSum[]>
  private readonly seen = new Set<string>()
  private readonly refunded = new Map<string, JournaledOrder>()

  constructor(ledger: ReadonlyMap<string, readonly LedgerSum[]>) {
    this.ledger = ledger
  }

  judge(order: JournaledOrder): readonly Difference[] {
    const id = order.order
    const isOfRefund = order.orderedAt === undefined
    const mayFollow = order.state === 'paid' && this.sumsOf(id).some(({ refundedMinor }) => refundedMinor > 0)
    if (isOfRefund || mayFollow) {
      // The line before it was judged as if nothing had gone back, for the ledger says so.
      if (isOfRefund && this.seen.has(id) && !this.refunded.has(id)) this.count({ ...order, state: 'paid', refundedMinor: 0 }, -1)
      this.seen.add(id)
      this.refunded.set(id, order)
      return []
    }
    this.seen.add(id)
    return this.count(order, 1)
  }

  /** What may have been given back, and then money that the ledger has kept for what is no order in the journal. */
  *rest(): Generator<Difference> {
    for (const order of this.refunded.values()) yield* this.count(order, 1)
    this.refunded.clear()
    for (const [order, sums] of this.ledger) {
      if (this.seen.has(order)) continue
      for (const sum of sums) {
        const keptMinor = keptOf(sum)
        if (keptMinor === 0) continue
        this.counts.differences++
        yield { order, kind: 'unknown order', currency: sum.currency, expectedMinor: 0, keptMinor }
      }
    }
  }

  private count(order: JournaledOrder, by: 1 | -1): readonly Difference[] {
    const sums = this.sumsOf(order.order)
    const differences = [...this.inItsCurrency(order, sums), ...this.inOthers(order, sums)]
    this.counts.orders += by
    this.counts.differences += by * differences.length
    if (differences.length === 0) this.counts[isOpenState(order.state) ? 'open' : 'agreeing'] += by
    return differences
  }

  private sumsOf(order: string): readonly LedgerSum[] {
    return this.ledger.get(order) ?? []
  }

  private inItsCurrency(order: JournaledOrder, sums: readonly LedgerSum[]): readonly Difference[] {
    const { amountMinor, refundedMinor, currency, state } = order
    const sum = sums.find((one) => one.currency === currency) ?? { currency, charges: 0, chargedMinor: 0, refundedMinor: 0 }
    const keptMinor = keptOf(sum)
    const expectedMinor = state === 'paid' ? amountMinor - refundedMinor : 0
    const found = (kind: Difference['kind']): readonly Difference[] => [
      { order: order.order, kind, state, currency, expectedMinor, keptMinor },
    ]
    if (sum.charges > 1) return found('charged twice')
    if (isOpenState(order.state) || keptMinor === expectedMinor) return []
    if (sum.charges === 0 && amountMinor > 0) return found('not charged')
    if (state !== 'paid') return found('kept')
    if (keptMinor < expectedMinor && sum.refundedMinor > 0) return found('given back')
    return found(keptMinor > expectedMinor && refundedMinor > 0 ? 'kept' : 'other amount')
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
