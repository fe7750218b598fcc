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
  /** When the last of the money went back. */
  readonly refundedAt: number | undefined
  readonly refundedMinor: number
  /** Charges that have arrived. */
  readonly attempts: number
  /** Refunds that have arrived. */
  readonly refunds: number
}

/** Something that nobody who minds the keys would ask for. */
export interface LedgerViolation {
  readonly key: string
  readonly what: 'another amount under the same key'
  readonly at: number
}

/** The books of a simulated provider, for those who check them afterwards. */
export class SimLedger {
  readonly violations: LedgerViolation[] = []
  private readonly entries = new Map<string, LedgerEntry>()
  private readonly refunds = new Map<string, Refund>()
  private readonly closed = new Set<string>()

  find(key: string): LedgerEntry | undefined {
    return this.entries.get(key)
  }

  /** In the order in which the first charges arrived. */
  all(): readonly LedgerEntry[] {
    return [...this.entries.values()]
  }

  /** Books the first charge under a key as `decide` says, if the key is not closed; a repeat finds what became of the first. */
  charge(key: string, charge: Charge, now: number, decide: () => Pick<LedgerEntry, 'outcome' | 'knownAt'>): LedgerEntry {
    const known = this.entries.get(key)
    if (known !== undefined) {
      this.compare(key, known.charge, charge, now)
      return this.keep({ ...known, attempts: known.attempts + 1 })
    }
    const { amountMinor, currency, payment } = charge
    const copy: Charge = { amountMinor, currency, payment }
    const decided = this.closed.has(key) ? ({ outcome: 'declined', knownAt: now } as const) : decide()
    return this.keep({ key, charge: copy, ...decided, chargedAt: now, refundedAt: undefined, refundedMinor: 0, attempts: 1, refunds: 0 })
  }

  /** From now on nothing is charged under the key. */
  close(key: string, now: number): 'paid' | 'declined' | 'unknown' {
    this.closed.add(key)
    return this.outcomeOf(key, now) ?? 'unknown'
  }

  /** What those are told who ask; undefined if there is no charge and may be one yet. */
  outcomeOf(key: string, now: number): 'paid' | 'declined' | 'unknown' | undefined {
    const knownAt = this.entries.get(key)?.knownAt ?? 0
    return knownAt > now ? 'unknown' : this.heldUnder(key)
  }

  /** The same once it is known. */
  heldUnder(key: string): 'paid' | 'declined' | undefined {
    const entry = this.entries.get(key)
    if (entry === undefined) return this.closed.has(key) ? 'declined' : undefined
    return entry.refundedAt === undefined ? entry.outcome : 'declined'
  }

  refund(key: string, refund: Refund, now: number): 'refunded' | 'absent' | 'refused' | 'unknown' {
    const { charge, amountMinor } = refund
    const known = this.entries.get(charge)
    if (known === undefined || known.outcome === 'declined') return 'absent'
    if (known.knownAt > now) return 'unknown'
    const before = this.refunds.get(key)
    const refundedMinor = known.refundedMinor + (before === undefined ? amountMinor : 0)
    if (before !== undefined) this.compare(key, before, refund, now)
    else if (refundedMinor > known.charge.amountMinor) return 'refused'
    this.refunds.set(key, before ?? refund)
    const isAll = refundedMinor === known.charge.amountMinor
    const refundedAt = isAll ? (known.refundedAt ?? now) : undefined
    this.keep({ ...known, refundedMinor, refundedAt, refunds: known.refunds + 1 })
    return 'refunded'
  }

  private compare(key: string, first: Money, again: Money, now: number): void {
    if (first.amountMinor === again.amountMinor && first.currency === again.currency) return
    this.violations.push({ key, what: 'another amount under the same key', at: now })
  }

  private keep(entry: LedgerEntry): LedgerEntry {
    this.entries.set(entry.key, entry)
    return entry
  }
}

type Money = Pick<Charge, 'amountMinor' | 'currency'>
