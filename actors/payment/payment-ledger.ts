import type { Charge } from './payment-provider.ts'

/** Keys that the ledger remembers; the oldest go first. Orders settle within minutes, long before theirs would be forgotten. */
export const ledgerKeysMax = 1_000_000

export interface LedgerEntry {
  readonly charge: Charge
  readonly outcome: 'paid' | 'declined'
  /** When the outcome is known to those who ask. */
  readonly knownAt: number
  readonly refunded: boolean
}

/** The books of a simulated provider: what was charged under which key. Kept apart from it, so that it can outlive the node that is simulated to die. */
export class PaymentLedger {
  private readonly entries = new Map<string, LedgerEntry>()
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
    return entry?.refunded === true ? 'declined' : entry?.outcome
  }

  /** Books a charge under a key that has none yet. */
  book(key: string, entry: LedgerEntry): void {
    if (this.entries.has(key)) throw new Error(`${key} is charged already`)
    this.entries.set(key, entry)
    if (entry.outcome === 'paid' && !entry.refunded) this.keep(entry.charge.currency, entry.charge.amountMinor)
    for (const oldest of this.entries.keys()) {
      if (this.entries.size <= this.keysMax) break
      this.entries.delete(oldest)
    }
  }

  /** False if there is nothing under this key that could go back. */
  refund(key: string): boolean {
    const entry = this.entries.get(key)
    if (entry?.outcome !== 'paid') return false
    if (!entry.refunded) this.keep(entry.charge.currency, -entry.charge.amountMinor)
    this.entries.set(key, { ...entry, refunded: true })
    return true
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
