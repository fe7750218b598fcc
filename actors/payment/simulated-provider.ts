import type { MetricSink, MetricSource } from '../../cluster/metrics.ts'
import { delay, type World } from '../../cluster/world.ts'
import { hashText } from '../../protocol/hash.ts'
import { PaymentLedger } from './payment-ledger.ts'
import type { Charge, ChargeOutcome, PaymentProvider, Refund, RefundOutcome } from './payment-provider.ts'

export interface SimulatedSettings {
  /** Of payments without a token of their own meaning, the part that is declined. */
  readonly declineShare: number
  /** How long a payment takes. */
  readonly delayMs: number
  /** How long `tok_slow` takes. */
  readonly slowDelayMs: number
  /** When it is known what became of `tok_late`; until then it says at once that it is not. */
  readonly lateMs: number
  /** The part of charges that answer `unknown` although they happen; asking later tells. */
  readonly unknownShare: number
}

export const simulatedSettings: SimulatedSettings = { declineShare: 0, delayMs: 300, slowDelayMs: 5_000, lateMs: 15_000, unknownShare: 0 }

/** Tokens that say what is to happen; any other pays, up to `declineShare`. */
export const simulatedTokens = { ok: 'tok_ok', declined: 'tok_declined', slow: 'tok_slow', late: 'tok_late' } as const

/**
 * A provider that moves no money: for demos, tests and load. What becomes of a charge follows from its key alone, so that a provider which was
 * started anew, and has lost its books, still gives the same answer.
 */
export class SimulatedProvider implements PaymentProvider, MetricSource {
  readonly ledger: PaymentLedger
  private readonly world: World
  private readonly settings: SimulatedSettings

  constructor(world: World, settings: Partial<SimulatedSettings> = {}, ledger = new PaymentLedger()) {
    this.world = world
    this.settings = { ...simulatedSettings, ...settings }
    this.ledger = ledger
  }

  async charge(charge: Charge, idempotencyKey: string): Promise<ChargeOutcome> {
    const isLate = charge.payment === simulatedTokens.late
    const takesMs = charge.payment === simulatedTokens.slow ? this.settings.slowDelayMs : this.settings.delayMs
    const outcome = this.ledger.outcomeOf(idempotencyKey) ?? this.book(charge, idempotencyKey, isLate ? this.settings.lateMs : takesMs)
    if (isLate) return this.known(idempotencyKey)
    if (takesMs > 0) await delay(this.world.timers, takesMs)
    return shareOf(`unknown ${idempotencyKey}`) < this.settings.unknownShare ? 'unknown' : outcome
  }

  async query(idempotencyKey: string): Promise<ChargeOutcome | 'absent'> {
    if (this.settings.delayMs > 0) await delay(this.world.timers, this.settings.delayMs)
    return this.ledger.outcomeOf(idempotencyKey) === undefined ? 'absent' : this.known(idempotencyKey)
  }

  async closeCharge(idempotencyKey: string): Promise<ChargeOutcome> {
    this.ledger.close(idempotencyKey)
    const outcome = await this.query(idempotencyKey)
    return outcome === 'absent' ? 'unknown' : outcome
  }

  async refund(refund: Refund, idempotencyKey: string): Promise<RefundOutcome> {
    if (this.settings.delayMs > 0) await delay(this.world.timers, this.settings.delayMs)
    return this.ledger.refund(refund, idempotencyKey)
  }

  collect(sink: MetricSink): void {
    for (const [currency, minor] of this.ledger.balances())
      sink.gauge('sluice_simulated_balance_minor', 'What the simulated provider has taken and not given back', minor, { currency })
  }

  private known(key: string): ChargeOutcome {
    const knownAt = this.ledger.find(key)?.knownAt ?? 0
    return knownAt > this.world.clock.now() ? 'unknown' : (this.ledger.outcomeOf(key) ?? 'unknown')
  }

  private book(charge: Charge, key: string, takesMs: number): 'paid' | 'declined' {
    const outcome = this.outcomeOf(charge, key)
    this.ledger.book(key, { charge, outcome, knownAt: this.world.clock.now() + takesMs })
    return outcome
  }

  private outcomeOf(charge: Charge, key: string): 'paid' | 'declined' {
    if (charge.payment === simulatedTokens.declined) return 'declined'
    if (alwaysPaid.has(charge.payment)) return 'paid'
    return shareOf(key) < this.settings.declineShare ? 'declined' : 'paid'
  }
}

const alwaysPaid: ReadonlySet<string> = new Set([simulatedTokens.ok, simulatedTokens.slow, simulatedTokens.late])

/** Where a text falls between 0 and 1. */
function shareOf(text: string): number {
  return hashText(text) / 0x1_0000_0000
}
