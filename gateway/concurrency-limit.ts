/** What the limit of one shard goes by. */
export interface ConcurrencyLimits {
  /** Calls under way at most, which is the limit as long as nothing speaks of overload. */
  readonly callsMax: number
  /** A shard of which every call takes longer than this for a while is overloaded. */
  readonly overloadMs: number
}

/** Between two looks at what was measured. */
export const measureMs = 100
/** A standing queue shows in every look; a pause of some process, or a slow sync, in one or two. */
const slowLooksMax = 3
/** Who only arrive have this part of the most at any time; the rest is for those who hold something. */
const newcomersShare = 0.75
/** The queue of an overloaded shard is brought down to this part of what proved the overload. */
const targetShare = 1 / 25
/** What the shard needs without any queue is no overload, so latencies count against so many times that; and the target against so many times what is usual where machines are busy. */
const targetTimes = 2
const overloadTimes = 4
/** However slow a shard may be by itself, beyond this it is overloaded. */
const overloadMsTimesMax = 10
/** Of one look to the next. */
const growth = 1.25
const shrinkMost = 0.7
const leastMax = 64
/** The least latency is that of the last one or two of these. */
const baselineMs = 30_000
/** About so long latencies are looked at for what is usual. */
const usualMs = 10_000
/** About so long answers are looked at for the rate at which they come; a shard that was faster is believed to be so for some time, for it may have had less to do. */
const rateMs = 500
const capacityMs = 10_000
/** Without any answer for so many looks nobody knows when there will be room. */
const silentLooksMax = 5
const retryLeastMs = 20
const retryMostMs = 5_000
/** For those who ask again while nothing is answered. */
const stalledRetryMs = 1_000
/** In a queue that grows calls wait for longer than those that end now: by as much as more comes than the shard answers, and more where it answers by the thousand. */
const expectedTimesMax = 10
const ratePerMsLeast = 0.001
const none = -1

/**
 * How many calls of this gateway one shard gets at a time. Up to {@link ConcurrencyLimits.callsMax} while it answers in time. Once a queue stands before it, which is when
 * even the fastest call of each look takes too long, the limit is what the shard answers within a small target, and then follows the latency: limit x target / latency. When
 * nobody is refused any more it grows back.
 *
 * Sources: the least latency of an interval as the sign of a standing queue is CoDel's (Nichols and Jacobson, "Controlling Queue Delay", 2012); the gradient is that of Netflix's
 * concurrency-limits. All of it is plain numbers, and a call costs a few additions and comparisons; latencies are those of one call at a time.
 */
export class ConcurrencyLimit {
  private readonly limits: ConcurrencyLimits
  private readonly least: number
  private limit: number
  private newcomersMax = 0
  private newcomers = 0
  private holders = 0
  /** The row of the call that is being timed. */
  private probe = none
  private probeAt = 0
  /** Answers after which the probe's own has to have come, for calls are answered about in their order. */
  private probeAnswersMax = 0
  private probeAnswers = 0
  /** Since the last look. */
  private answers = 0
  private refusals = 0
  private fastestMs = Infinity
  private sumMs = 0
  private samples = 0
  private lookedAt: number
  private slowLooks = 0
  private isOverloaded = false
  /** Times that overload was proven. */
  overloads = 0
  private silentLooks = 0
  private ratePerMs = 0
  /** Since answers last came, or nothing was under way. */
  private unansweredMs = 0
  /** What the shard can answer per ms, as far as it has shown. */
  private capacityPerMs = 0
  /** Who were told to come again, and whose time has not come. */
  private told = 0
  private recentLeastMs = Infinity
  private formerLeastMs = Infinity
  private baselineSince: number
  /** What calls take on average while the shard is not overloaded. */
  private usualMs = 0

  constructor(limits: ConcurrencyLimits, now: number) {
    this.limits = limits
    this.least = Math.max(1, Math.min(leastMax, Math.floor(limits.callsMax / 4)))
    this.limit = limits.callsMax
    this.lookedAt = now
    this.baselineSince = now
    this.setLimit(limits.callsMax)
  }

  /** Calls under way with which newcomers still get in, at present. */
  get calls(): number {
    return this.newcomersMax
  }

  get underWay(): number {
    return this.newcomers + this.holders
  }

  get isShrunk(): boolean {
    return this.isOverloaded
  }

  /** Whether there is room for one who only arrives: beside everybody. */
  get takesNewcomers(): boolean {
    return this.underWay < this.newcomersMax
  }

  /** Whether there is room for one who holds something: as long as holders alone are no overload, however many newcomers there are, up to the most of all. */
  get takesHolders(): boolean {
    const { callsMax, overloadMs } = this.limits
    if (this.underWay >= callsMax) return false
    return !this.isOverloaded || this.holders < Math.max(this.limit, this.capacityPerMs * overloadMs)
  }

  /** A call has been sent, under this row of the pending table. */
  begin(row: number, isHolder: boolean, clock: { monotonic(): number }): void {
    if (isHolder) this.holders++
    else this.newcomers++
    if (this.probe === none) {
      this.probe = row
      this.probeAt = clock.monotonic()
      this.probeAnswers = 0
      this.probeAnswersMax = this.underWay * 2
    }
  }

  /** It has ended. What was refused by the shard says nothing of its speed; what ran out of time says that it took at least so long. */
  end(row: number, isHolder: boolean, isRefused: boolean, clock: { monotonic(): number }): void {
    if (isHolder) this.holders--
    else this.newcomers--
    if (!isRefused) this.answers++
    if (row === this.probe) {
      this.probe = none
      if (!isRefused) this.sample(clock.monotonic() - this.probeAt)
    } else if (this.probe !== none && ++this.probeAnswers > this.probeAnswersMax) this.probe = none
  }

  /** Counts a refusal. Returns in how many ms there may be room: by the rate of answers, and behind all who were told so before. */
  refuse(isHolder: boolean): number {
    this.refusals++
    const { capacityPerMs } = this
    if (this.silentLooks >= silentLooksMax || capacityPerMs < ratePerMsLeast) return stalledRetryMs
    const surplus = isHolder ? this.holders : this.underWay - this.newcomersMax
    if (!isHolder && this.told < capacityPerMs * retryMostMs) this.told++
    const ahead = Math.max(0, surplus) + (isHolder ? 0 : this.told)
    return Math.max(retryLeastMs, Math.min(retryMostMs, Math.ceil(ahead / capacityPerMs)))
  }

  private sample(ms: number): void {
    this.fastestMs = Math.min(this.fastestMs, ms)
    this.sumMs += ms
    this.samples++
  }

  /** Called every {@link measureMs}. */
  look(now: number): void {
    const elapsedMs = now - this.lookedAt
    if (elapsedMs <= 0) return
    this.lookedAt = now
    this.measureRate(elapsedMs)
    const isMeasured = this.samples > 0
    // What this process was late for this look it was late for answers, too. Of a call without an answer only so much is known.
    const lateMs = Math.max(0, elapsedMs - measureMs)
    const latencyMs = Math.max(0, (isMeasured ? this.fastestMs : this.probe === none ? 0 : now - this.probeAt) - lateMs)
    if (isMeasured) this.keepBaseline(now, latencyMs)
    if (latencyMs > this.overloadMs || this.isQueueing(latencyMs)) this.slowLooks++
    else if (isMeasured) this.slowLooks = 0
    const meanMs = isMeasured ? Math.max(0, this.sumMs / this.samples - lateMs) : undefined
    if (this.isOverloaded) this.follow(latencyMs, meanMs)
    else if (this.slowLooks >= slowLooksMax) this.shrink()
    else if (this.slowLooks === 0 && meanMs !== undefined) this.usualMs += (meanMs - this.usualMs) * (1 - Math.exp(-elapsedMs / usualMs))
    this.answers = 0
    this.refusals = 0
    this.fastestMs = Infinity
    this.sumMs = 0
    this.samples = 0
  }

  /** What is under way will take too long, and what has been measured, which is of calls from before, is not at odds with that. */
  private isQueueing(latencyMs: number): boolean {
    const expectedMs = this.underWay / this.capacityPerMs
    return expectedMs > this.overloadMs && latencyMs * expectedTimesMax > expectedMs
  }

  private measureRate(elapsedMs: number): void {
    this.unansweredMs += elapsedMs
    // Answers that come at once, by the thousand, are the work of all the time since the last ones.
    if (this.answers > 0 || this.underWay === 0) {
      const kept = Math.exp(-this.unansweredMs / rateMs)
      this.ratePerMs = this.ratePerMs * kept + (this.answers / this.unansweredMs) * (1 - kept)
      this.unansweredMs = 0
    }
    this.capacityPerMs = Math.max(this.ratePerMs, this.capacityPerMs * Math.exp(-elapsedMs / capacityMs))
    this.told = Math.max(0, this.told - this.capacityPerMs * elapsedMs)
    this.silentLooks = this.answers > 0 ? 0 : this.silentLooks + 1
  }

  /** What is too long: never less than what is set, and not what the shard needs anyway. */
  private get overloadMs(): number {
    const { overloadMs } = this.limits
    return Math.min(overloadMs * overloadMsTimesMax, Math.max(overloadMs, this.baselineMs * overloadTimes))
  }

  /** How long calls should take while some are refused. */
  private get targetMs(): number {
    const knownMs = Math.max(this.baselineMs, this.usualMs) * targetTimes
    return Math.min(this.overloadMs / 2, Math.max(this.limits.overloadMs * targetShare, knownMs))
  }

  private get baselineMs(): number {
    const least = Math.min(this.recentLeastMs, this.formerLeastMs)
    return least === Infinity ? 0 : least
  }

  /** An overloaded shard shows what it needs with a queue, so only less than what was known is taken from it. */
  private keepBaseline(now: number, latencyMs: number): void {
    if (now - this.baselineSince >= baselineMs && !this.isOverloaded) {
      this.baselineSince = now
      this.formerLeastMs = this.recentLeastMs
      this.recentLeastMs = latencyMs
    } else this.recentLeastMs = Math.min(this.recentLeastMs, latencyMs)
  }

  /** Overload is proven: newcomers get in as long as no more is under way than is answered within the target. */
  private shrink(): void {
    this.isOverloaded = true
    this.overloads++
    this.setLimit(Math.min(this.limit, this.answeredWithinTarget))
  }

  private follow(leastMs: number, meanMs: number | undefined): void {
    if (this.refusals === 0) {
      if (leastMs <= this.overloadMs) this.setLimit(this.limit * growth)
      return
    }
    // While more are under way than the limit, latencies are those of the queue from before.
    if (meanMs === undefined || this.underWay > this.limit) return
    const { targetMs } = this
    // So few make no queue: it is what the shard needs.
    if (this.limit <= this.least && leastMs > targetMs) {
      this.formerLeastMs = leastMs
      this.recentLeastMs = leastMs
    }
    const followed = this.limit * Math.max(shrinkMost, Math.min(growth, targetMs / Math.max(1, meanMs)))
    // Calls that take long although no queue of ours explains it take no less if there are fewer of them.
    this.setLimit(Math.max(followed, Math.min(this.limit, this.answeredWithinTarget)))
  }

  private get answeredWithinTarget(): number {
    return this.capacityPerMs * this.targetMs
  }

  private setLimit(limit: number): void {
    const { callsMax } = this.limits
    this.limit = Math.min(callsMax, Math.max(this.least, limit))
    if (this.limit === callsMax) {
      this.isOverloaded = false
      this.slowLooks = 0
    }
    this.newcomersMax = Math.max(1, Math.floor(Math.min(this.limit, callsMax * newcomersShare)))
  }
}
