import type { Charge, Refund } from '../../../actors/payment/payment-provider.ts'

/** What a provider has in its books under one key. */
export interface LedgerEntry {
  readonly key: string
  readonly charge: Charge
  readonly outcome: 'paid' | 'declined'
  /** When the first charge arrived, in true ms since 1970. Nothing is ever charged again under the key. */
  readonly chargedAt: number
  /** When the outcome was decided. */
  readonly knownAt: number
  /** When the money went back. */
  readonly refundedAt: number | undefined
  /** Charges that have arrived. */
  readonly attempts: number
  /** Refunds that have arrived. */
  readonly refunds: number
}

/** Something that nobody who minds the keys would ask for. */
export interface LedgerViolation {
  readonly key: string
  readonly what: 'another amount under the same key' | 'a refund without a charge' | 'a refund of a declined charge'
  readonly at: number
}

/** The books of a simulated provider, for those who check them afterwards. */
export class SimLedger {
  readonly violations: LedgerViolation[] = []
  private readonly entries = new Map<string, LedgerEntry>()

  find(key: string): LedgerEntry | undefined {
    return this.entries.get(key)
  }

  /** In the order in which the first charges arrived. */
  all(): readonly LedgerEntry[] {
    return [...this.entries.values()]
  }

  /** Books the first charge under a key as `decide` says; a repeat finds what became of the first. */
  charge(key: string, charge: Charge, now: number, decide: () => Pick<LedgerEntry, 'outcome' | 'knownAt'>): LedgerEntry {
    const known = this.entries.get(key)
    if (known !== undefined) {
      this.compare(known, charge, now)
      return this.keep({ ...known, attempts: known.attempts + 1 })
    }
    const { amountMinor, currency, payment } = charge
    const copy: Charge = { amountMinor, currency, payment }
    return this.keep({ key, charge: copy, ...decide(), chargedAt: now, refundedAt: undefined, attempts: 1, refunds: 0 })
  }

  /** What those are told who ask, once it is known. */
  heldUnder(key: string): 'paid' | 'declined' | undefined {
    const entry = this.entries.get(key)
    return entry?.refundedAt === undefined ? entry?.outcome : 'declined'
  }

  refund(key: string, refund: Omit<Refund, 'charge'>, now: number): 'refunded' | 'absent' | 'unknown' {
    const known = this.entries.get(key)
    if (known === undefined) {
      this.violations.push({ key, what: 'a refund without a charge', at: now })
      return 'absent'
    }
    this.compare(known, refund, now)
    if (known.outcome === 'declined') {
      this.violations.push({ key, what: 'a refund of a declined charge', at: now })
      return 'absent'
    }
    if (known.knownAt > now) return 'unknown'
    this.keep({ ...known, refundedAt: known.refundedAt ?? now, refunds: known.refunds + 1 })
    return 'refunded'
  }

  private compare({ key, charge: first }: LedgerEntry, money: Omit<Refund, 'charge'>, now: number): void {
    if (first.amountMinor === money.amountMinor && first.currency === money.currency) return
    this.violations.push({ key, what: 'another amount under the same key', at: now })
  }

  private keep(entry: LedgerEntry): LedgerEntry {
    this.entries.set(entry.key, entry)
    return entry
  }
}
