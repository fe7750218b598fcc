import type { Charge, Refund } from './payment-provider.ts'

/** Keys that the ledger remembers; the oldest go first. Orders settle within minutes, long before theirs would be forgotten. */
export const ledgerKeysMax = 1_000_000

export interface LedgerEntry {
  readonly charge: Charge
  readonly outcome: 'paid' | 'declined'
  /** When the outcome is known to those who ask. */
  readonly knownAt: number
}

interface Booked extends LedgerEntry {
  /** What has gone back, by the refund's key. Each takes a part of what is left, so there are not many. */
  readonly refunds: Map<string, number>
}

/** The books of a simulated provider: what was charged under which key. Kept apart from it, so that it can outlive the node that is simulated to die. */
export class PaymentLedger {
  private readonly entries = new Map<string, Booked>()
  private readonly kept = new Map<string, number>()
  private readonly keysMax: number

  constructor(keysMax = ledgerKeysMax) {
    this.keysMax = keysMax
  }

  find(key: string): LedgerEntry | undefined {
    return this.entries.get(key)
  }

  /** What became of the charge under this key, as those are told who ask. */
  outcomeOf(key: string): 'paid' | 'declined' | undefined {
    const entry = this.entries.get(key)
    if (entry === undefined) return undefined
    return entry.refunds.size > 0 && leftOf(entry) === 0 ? 'declined' : entry.outcome
  }

  /** Books a charge under a key that has none yet. */
  book(key: string, entry: LedgerEntry): void {
    if (this.entries.has(key)) throw new Error(`${key} is charged already`)
    this.entries.set(key, { ...entry, refunds: new Map() })
    if (entry.outcome === 'paid') this.keep(entry.charge.currency, entry.charge.amountMinor)
    for (const oldest of this.entries.keys()) {
      if (this.entries.size <= this.keysMax) break
      this.entries.delete(oldest)
    }
  }

  /** Whatever has no charge yet is never charged: it counts as one of nothing that was declined. */
  close(key: string): void {
    if (!this.entries.has(key)) this.book(key, { charge: nothing, outcome: 'declined', knownAt: 0 })
  }

  /** Books a refund, once under each key. */
  refund({ charge, amountMinor, currency }: Refund, key: string): 'refunded' | 'absent' | 'refused' {
    const entry = this.entries.get(charge)
    if (entry?.outcome !== 'paid') return 'absent'
    if (entry.refunds.has(key)) return 'refunded'
    if (currency !== entry.charge.currency || amountMinor > leftOf(entry)) return 'refused'
    entry.refunds.set(key, amountMinor)
    this.keep(currency, -amountMinor)
    return 'refunded'
  }

  /** Money taken and not given back, per currency. */
  balances(): ReadonlyMap<string, number> {
    return this.kept
  }

  get size(): number {
    return this.entries.size
  }

  private keep(currency: string, amountMinor: number): void {
    this.kept.set(currency, (this.kept.get(currency) ?? 0) + amountMinor)
  }
}

const nothing: Charge = { amountMinor: 0, currency: '', payment: '' }

function leftOf({ charge, refunds }: Booked): number {
  let left = charge.amountMinor
  for (const amountMinor of refunds.values()) left -= amountMinor
  return left
}
