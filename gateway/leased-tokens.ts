import type { MetricSink, MetricSource } from '../cluster/metrics.ts'
import type { BucketRate, Portion, SharedBucket } from '../cluster/shared-bucket.ts'
import type { Timer, World } from '../cluster/world.ts'

export interface LeasedTokensParts {
  readonly bucket: SharedBucket
  readonly world: Pick<World, 'clock' | 'timers' | 'random' | 'log'>
  /** One run of this gateway. */
  readonly holder: string
  readonly ratePerSecond: number
}

/** Between two portions, about. A portion is what calls of such a time need, so hardly more than that can lie idle at a gateway. */
export const portionMs = 50
/** A bucket keeps so many portions of the whole rate: enough that nothing runs over while gateways ask in turn, little enough to be no burst. */
const burstPortions = 6
/** Without an answer for so long the bucket counts as away. */
const awayMs = 150
/** The own share is kept for so long: it begins to count before it is known that the bucket is away. */
const lentMsMax = 2 * awayMs
/** A gateway that needs nothing says so often that it is there. */
const idleMs = 1_000
/** More than was asked for lately, so that a growing demand is not always late. */
const headroom = 1.25
const keptDemand = 0.5
const waitMsMax = 5_000

/** The bucket that goes with a rate. */
export function admissionRate(ratePerSecond: number): BucketRate {
  return { ratePerSecond, burst: Math.max(1, Math.ceil((ratePerSecond * portionMs * burstPortions) / 1000)) }
}

/**
 * This gateway's part of a rate that all gateways share. A call takes a token from what is here, and costs a decrement; the next portion is asked for
 * beside that, by what was asked of this one. While the bucket is away, tokens come from the gateway's own share, the rate by the number of gateways
 * known: on credit, for the bucket has not given them, and they are paid back out of it when it is there again. So all gateways together never let in
 * more than the rate and the bucket's burst.
 */
export class LeasedTokens implements MetricSource {
  private readonly parts: LeasedTokensParts
  private readonly ratePerMs: number
  private timer: Timer | undefined
  private tokens = 0
  /** Since the last portion was asked for. */
  private asked = 0
  private refusedLately = 0
  private demand = 0
  private askedAt: number
  private measuredAt: number
  /** The answer to what was asked then has not come. */
  private isWaiting = false
  /** Up to when tokens were had, from the bucket or on credit; undefined before the first answer. */
  private coveredAt: number | undefined
  /** Given to itself and not yet paid back. */
  private credit = 0
  private holders = 1
  private isScarce = true
  private isAway = false
  private wanted = 0
  private waitMs = portionMs
  private readonly counted = { leased: 0, returned: 0, local: 0, failed: 0 }

  constructor(parts: LeasedTokensParts) {
    this.parts = parts
    this.ratePerMs = parts.ratePerSecond / 1000
    this.askedAt = parts.world.clock.monotonic()
    this.measuredAt = this.askedAt
  }

  start(): void {
    this.ask()
    this.wait()
  }

  /** Takes a token if there is one. */
  take(): boolean {
    this.asked++
    if (this.tokens >= 1) {
      this.tokens--
      return true
    }
    this.refusedLately++
    // As long as the bucket has more than is wanted, nobody needs to wait for the next round.
    if (!this.isScarce && !this.isWaiting) {
      this.isScarce = true
      this.parts.world.timers.soon(() => this.ask())
    }
    return false
  }

  /** When who was refused should come again: with as many refused for each who gets in, all of them at the next portion would be in vain. */
  get retryAfterMs(): number {
    return this.waitMs
  }

  /** Gives back what is left. */
  close(): void {
    this.timer?.cancel()
    const { bucket, holder } = this.parts
    const left = Math.floor(this.tokens)
    this.tokens = 0
    // It is a courtesy: what a gateway that is gone held is counted out by itself.
    bucket.leave(holder, left).catch((error: unknown) => this.parts.world.log.debug({ error: String(error) }, 'could not leave the bucket'))
  }

  collect(sink: MetricSink): void {
    const { leased, returned, local, failed } = this.counted
    sink.counter('sluice_admission_tokens_total', 'Tokens for newcomers, by where they came from', leased, { from: 'bucket' })
    sink.counter('sluice_admission_tokens_total', 'Tokens for newcomers, by where they came from', local, { from: 'own share' })
    sink.counter('sluice_admission_tokens_returned_total', 'Tokens for newcomers that were given back unused', returned)
    sink.counter('sluice_admission_portions_failed_total', 'Portions that the shared bucket did not give in time', failed)
    sink.gauge(
      'sluice_admission_bucket_away',
      '1 while newcomers are let in by the own share, for the shared bucket is away',
      Number(this.isAway),
    )
    sink.gauge('sluice_admission_gateways', 'Gateways that share the rate for newcomers, as far as known', this.holders)
  }

  private wait(): void {
    const { timers, random } = this.parts.world
    // Not all in step, or always the same gateway would come first.
    this.timer = timers.after(portionMs * (0.75 + random.next() / 2), () => {
      this.round()
      this.wait()
    })
  }

  private round(): void {
    const now = this.parts.world.clock.monotonic()
    this.measure(now)
    if (this.isWaiting && !this.isAway && now - this.askedAt >= awayMs) this.fail('no answer')
    if (this.isAway) this.lend(now)
    if (this.isWaiting) return
    const surplus = Math.floor(this.tokens) - this.target()
    if (surplus === 0 && this.demand < 1 && now - this.askedAt < idleMs) return
    this.ask()
  }

  /** What was asked of this gateway in the time of a portion. */
  private measure(now: number): void {
    const passed = Math.max(1, now - this.measuredAt)
    this.measuredAt = now
    const lately = (this.asked * portionMs) / passed
    this.demand = Math.max(lately, this.demand * keptDemand)
    const admitted = Math.max(1, this.asked - this.refusedLately)
    this.waitMs = Math.min(waitMsMax, portionMs * Math.ceil(Math.max(1, this.asked) / admitted))
    this.asked = 0
    this.refusedLately = 0
  }

  /** Tokens to have: for the demand, and never less than the share of a portion, so that who comes after a silence finds some. */
  private target(): number {
    const share = (this.ratePerMs * portionMs) / this.holders
    return Math.ceil(Math.max(this.demand * headroom, this.asked * headroom, share))
  }

  private ask(): void {
    if (this.isWaiting) return
    const { bucket, holder, world } = this.parts
    const target = this.target()
    const whole = Math.floor(this.tokens)
    // What is given back to nobody is lost.
    const returned = this.isAway ? 0 : Math.max(0, whole - target)
    const owed = Math.floor(this.credit)
    this.wanted = Math.max(0, target - whole)
    this.tokens -= returned
    this.counted.returned += returned
    this.isWaiting = true
    const askedAt = world.clock.monotonic()
    this.askedAt = askedAt
    bucket.take({ holder, wanted: this.wanted, returned, owed }).then(
      (portion) => this.got(portion, askedAt, owed),
      (error: unknown) => {
        this.isWaiting = false
        this.fail(String(error))
      },
    )
  }

  private got({ granted, holders }: Portion, askedAt: number, owed: number): void {
    this.isWaiting = false
    if (this.isAway) this.parts.world.log.info({ holders }, 'the shared bucket is there again')
    this.isAway = false
    this.holders = holders
    this.isScarce = granted < this.wanted
    this.coveredAt = Math.max(this.coveredAt ?? 0, askedAt)
    this.counted.leased += granted
    this.credit -= owed
    // What it gave itself while this answer was on its way is paid first.
    const paid = Math.min(granted, this.credit)
    this.credit -= paid
    this.tokens += granted - paid
  }

  private fail(reason: string): void {
    this.counted.failed++
    if (this.isAway) return
    this.isAway = true
    this.parts.world.log.warn({ reason, holders: this.holders }, 'the shared bucket is away; newcomers are let in by the own share')
  }

  /** Tokens of the own share for the time since there were any. */
  private lend(now: number): void {
    if (this.coveredAt === undefined) return
    const share = this.ratePerMs / this.holders
    const lent = Math.min(now - this.coveredAt, lentMsMax) * share
    const most = Math.max(1, lentMsMax * share)
    const given = Math.max(0, Math.min(lent, most - this.tokens))
    this.coveredAt = now
    this.tokens += given
    this.credit += given
    this.counted.local += given
  }
}
