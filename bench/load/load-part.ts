import { setTimeout as delay } from 'node:timers/promises'
import type { Timers } from '../../cluster/world.ts'
import { LoopTimers } from '../../ops/loop-timers.ts'
import { realClock } from '../../ops/world.ts'
import { openLink } from '../links/open-link.ts'
import type { Lane, LaneListener, OpenLanes } from './lane.ts'
import { LatencyLog } from './latency-log.ts'
import type { LoadObserver, LoadTarget, PartPlan } from './load-run.ts'
import { closedLoop, openLoop, type Pacing } from './pacing.ts'
import { openSockets } from './socket-lanes.ts'

/** What one thread saw in the measured time, so that it can be added to what others saw. */
export interface LoadPart {
  readonly calls: number
  readonly errors: number
  readonly codes: Readonly<Record<string, number>>
  /** Of the warm-up too, as {@link bytes} are. */
  readonly answers: number
  readonly bytes: number
  /** As {@link LatencyLog.encoded} tells them. */
  readonly latencies: string
  readonly refusedLatencies: string
}

const tickMs = 1
const progressMs = 200
/** Answers that come later than this after the measured time are counted as missing. */
const drainMs = 3_000
const unanswered = 'UNANSWERED'
const connectionLost = 'CONNECTION_LOST'

/** Connects, then puts its part of the load on the target in this thread. Other threads wait for each other in between: {@link openPart}. */
export async function runPart(
  plan: PartPlan,
  target: LoadTarget,
  observer: LoadObserver,
  stop: AbortSignal,
  timers?: Timers,
): Promise<LoadPart> {
  const part = await openPart(plan, target, stop, timers)
  return part.measure(observer, stop)
}

export interface ConnectedPart {
  /** Runs once, and closes everything. Rejects if every lane was lost. */
  measure(observer: LoadObserver, stop: AbortSignal): Promise<LoadPart>
}

/** `timers` are kept going by the answers, however many connections have some: with thousands of them the loop would come round to timers every second or two. */
export async function openPart(
  plan: PartPlan,
  target: LoadTarget,
  stop: AbortSignal,
  timers: Timers = new LoopTimers(realClock),
): Promise<ConnectedPart> {
  const run = new PartRun(plan, timers)
  run.open = await (target.kind === 'sockets' ? openSockets(plan, target, run, stop) : openLink(plan, target, run))
  return run
}

const none: OpenLanes = { lanes: [], depth: 0, close: () => Promise.resolve() }

class PartRun implements LaneListener, ConnectedPart {
  open = none
  private readonly plan: PartPlan
  private readonly timers: Timers
  private readonly log = new LatencyLog()
  private readonly refusedLog = new LatencyLog()
  private readonly codes = new Map<string, number>()
  private pacing: Pacing | undefined
  private measureFrom = Infinity
  private measureUntil = Infinity
  private calls = 0
  private errors = 0
  private answers = 0
  private fault: Error | undefined

  constructor(plan: PartPlan, timers: Timers) {
    this.plan = plan
    this.timers = timers
  }

  async measure(observer: LoadObserver, stop: AbortSignal): Promise<LoadPart> {
    const { plan } = this
    const startAt = performance.now()
    this.measureFrom = startAt + plan.warmupSeconds * 1000
    this.measureUntil = this.measureFrom + plan.seconds * 1000
    const { rate } = plan
    const { lanes, depth } = this.open
    this.pacing = rate === undefined ? closedLoop(depth) : openLoop({ rate, connections: lanes.length, depth, startAt })
    const ticker = rate === undefined ? undefined : this.timers.every(tickMs, () => this.refill())
    const progress = this.timers.every(progressMs, () => observer.progress(this.calls, this.errors, (performance.now() - startAt) / 1000))
    try {
      this.refill()
      await this.whileConnected(plan.warmupSeconds * 1000, stop)
      observer.measuring()
      await this.whileConnected(plan.seconds * 1000, stop)
      observer.measured()
      await this.drain()
      return this.seen()
    } finally {
      ticker?.cancel()
      progress.cancel()
      for (const lane of lanes) if (lane.isOpen) lane.close(() => {})
      await this.open.close()
    }
  }

  answered(sentAt: number, now: number, code: string | undefined): void {
    // Latencies belong to the time at which calls were due, throughput to the time at which answers came.
    if (sentAt >= this.measureFrom && sentAt < this.measureUntil) (code === undefined ? this.log : this.refusedLog).record(now - sentAt)
    this.answers++
    if (now < this.measureFrom || now >= this.measureUntil) return
    if (code === undefined) this.calls++
    else this.count(code, 1)
  }

  settled(lane: Lane, now: number): void {
    if (now < this.measureUntil) this.pacing?.refill(lane, now)
    this.timers.catchUp()
  }

  lost(lane: Lane, reason: Error): void {
    lane.close(() => this.count(connectionLost, 1))
    if (this.open.lanes.every((one) => !one.isOpen)) this.fault = reason
  }

  private refill(): void {
    const now = performance.now()
    if (now >= this.measureUntil) return
    for (const lane of this.open.lanes) if (lane.isOpen) this.pacing?.refill(lane, now)
  }

  private async whileConnected(ms: number, stop: AbortSignal): Promise<void> {
    const until = performance.now() + ms
    for (let left = ms; left > 0; left = until - performance.now()) {
      await delay(Math.min(left, progressMs), undefined, { signal: stop })
      if (this.fault !== undefined) throw this.fault
    }
  }

  /** Waits for what is under way; what does not come is an error, and its latency at least the wait. */
  private async drain(): Promise<void> {
    const until = performance.now() + drainMs
    while (performance.now() < until && this.open.lanes.some((one) => one.isOpen && one.underWay > 0)) await delay(tickMs)
    const now = performance.now()
    for (const lane of this.open.lanes) {
      if (!lane.isOpen) continue
      lane.close((sentAt) => {
        if (sentAt < this.measureFrom) return
        this.log.record(now - sentAt)
        this.count(unanswered, 1)
      })
    }
  }

  private count(code: string, times: number): void {
    this.codes.set(code, (this.codes.get(code) ?? 0) + times)
    this.errors += times
  }

  private seen(): LoadPart {
    const { calls, errors, answers, codes, log, refusedLog } = this
    return {
      calls,
      errors,
      codes: Object.fromEntries(codes),
      answers,
      bytes: this.open.lanes.reduce((sum, { bytes }) => sum + bytes, 0),
      latencies: log.encoded(),
      refusedLatencies: refusedLog.encoded(),
    }
  }
}
