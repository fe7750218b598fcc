import type { Charge, ChargeOutcome, PaymentProvider, Refund, RefundOutcome } from '../../actors/payment/payment-provider.ts'
import { simulatedTokens } from '../../actors/payment/simulated-provider.ts'
import { simulationStart } from './scheduler.ts'
import { callService } from './services/service-call.ts'
import { type LedgerEntry, SimLedger } from './services/sim-ledger.ts'
import type { SimParts } from './sim-parts.ts'
import type { SimProcess } from './sim-process.ts'
import { calmProvider, drawMs, type ProviderWeather } from './weather.ts'

export interface ProviderSettings {
  /** Of payments without a token of their own meaning. */
  readonly declineShare: number
}

/**
 * A payment provider with books of its own, which outlive everybody. What becomes of a charge follows from the seed and its key; when that is known,
 * and who hears of it how often, is up to the weather.
 */
export class SimProvider {
  /** May be changed at any time. */
  weather: ProviderWeather = calmProvider
  readonly ledger = new SimLedger()
  private readonly parts: SimParts
  private readonly settings: ProviderSettings
  /** When somebody was last told that there is no charge under the key. */
  private readonly toldAbsentAt = new Map<string, number>()

  constructor(parts: SimParts, settings: ProviderSettings = { declineShare: 0.1 }) {
    this.parts = parts
    this.settings = settings
  }

  connect(process: SimProcess): PaymentProvider {
    return {
      charge: (charge, key) => this.charge(process, charge, key),
      query: (key) => this.query(process, key),
      closeCharge: (key) => this.closeCharge(process, key),
      refund: (refund, key) => this.refund(process, refund, key),
    }
  }

  healAll(): void {
    this.weather = calmProvider
  }

  private charge(process: SimProcess, charge: Charge, key: string): Promise<ChargeOutcome> {
    const { scheduler } = this.parts
    const sentAt = scheduler.now
    const arrive = (): LedgerEntry => {
      const before = this.ledger.find(key)
      if ((this.toldAbsentAt.get(key) ?? 0) > sentAt) {
        this.parts.reached.count('charge after absent')
        this.note(`${key}: was said to be absent when it was on its way`)
      }
      const entry = this.ledger.charge(key, charge, scheduler.now, () => this.decide(charge, key))
      if (before !== undefined) this.parts.reached.count('payment answered twice')
      this.note(`${key}: charge ${entry.attempts} of ${charge.amountMinor}, ${entry.outcome}`)
      return entry
    }
    this.perhapsAgain(arrive)
    return this.call(process, () => {
      const entry = arrive()
      return {
        answer: this.perhapsUnknown(key, this.ledger.heldUnder(key) ?? entry.outcome),
        inMs: Math.max(0, entry.knownAt - scheduler.now),
      }
    })
  }

  private query(process: SimProcess, key: string): Promise<ChargeOutcome | 'absent'> {
    return this.call<ChargeOutcome | 'absent'>(process, () => {
      const { now } = this.parts.scheduler
      const outcome = this.ledger.outcomeOf(key, now)
      if (outcome !== undefined) return { answer: this.perhapsUnknown(key, outcome), inMs: 0 }
      this.toldAbsentAt.set(key, now)
      this.note(`${key}: absent`)
      return { answer: 'absent', inMs: 0 }
    })
  }

  private closeCharge(process: SimProcess, key: string): Promise<ChargeOutcome> {
    return this.call<ChargeOutcome>(process, () => {
      const outcome = this.ledger.close(key, this.parts.scheduler.now)
      this.note(`${key}: closed, ${outcome}`)
      return { answer: this.perhapsUnknown(key, outcome), inMs: 0 }
    })
  }

  private refund(process: SimProcess, refund: Refund, key: string): Promise<RefundOutcome> {
    const arrive = (): RefundOutcome => {
      const outcome = this.ledger.refund(key, refund, this.parts.scheduler.now)
      this.note(`${key}: refund of ${refund.amountMinor}, ${outcome}`)
      return outcome
    }
    this.perhapsAgain(arrive)
    return this.call<RefundOutcome>(process, () => ({ answer: this.perhapsUnknown(key, arrive()), inMs: 0 }))
  }

  /** A request that a machine between the two sends a second time, long after the first. */
  private perhapsAgain(arrive: () => unknown): void {
    const { scheduler, random } = this.parts
    const inMs = drawMs(random, this.weather.laterMs)
    if (random.is(this.weather.doubleShare)) scheduler.after(inMs, () => void arrive())
  }

  private perhapsUnknown<T extends string>(key: string, outcome: T): T | 'unknown' {
    if (outcome !== 'unknown' && !this.parts.random.is(this.weather.unknownShare)) return outcome
    this.parts.reached.count('payment outcome unknown')
    this.note(`${key}: unknown`)
    return 'unknown'
  }

  private async call<T>(process: SimProcess, run: () => { readonly answer: T; readonly inMs: number }): Promise<T> {
    const fault = (why: string): Error => new Error(`the provider did not answer: ${why}`)
    const { answer } = await callService(this.parts, process, this.weather, { run, fault, takesMs: ({ inMs }) => inMs })
    return answer
  }

  private decide(charge: Charge, key: string): Pick<LedgerEntry, 'outcome' | 'knownAt'> {
    const { scheduler, random, reached } = this.parts
    const { decideMs, laterShare, laterMs } = this.weather
    const isLater = random.is(laterShare) || charge.payment === simulatedTokens.slow
    const outcome = this.outcomeOf(charge, key)
    if (outcome === 'declined') reached.count('payment declined')
    return { outcome, knownAt: scheduler.now + drawMs(random, isLater ? laterMs : decideMs) }
  }

  private outcomeOf({ payment }: Charge, key: string): 'paid' | 'declined' {
    if (payment === simulatedTokens.declined) return 'declined'
    if (payment === simulatedTokens.ok || payment === simulatedTokens.slow) return 'paid'
    return this.parts.random.fork(`outcome of ${key}`).is(this.settings.declineShare) ? 'declined' : 'paid'
  }

  private note(what: string): void {
    const { scheduler, trace } = this.parts
    trace.add(scheduler.now - simulationStart, 'provider', what)
  }
}
