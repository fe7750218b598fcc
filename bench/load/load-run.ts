import { setTimeout as delay } from 'node:timers/promises'
import type { Timers } from '../../cluster/world.ts'
import { LoopTimers } from '../../ops/loop-timers.ts'
import { realClock } from '../../ops/world.ts'
import { type Latencies, LatencyLog } from './latency-log.ts'
import { type ConnectionListener, LoadConnection, ReadBuffer } from './load-connection.ts'
import { closedLoop, openLoop, type Pacing } from './pacing.ts'
import type { Wire } from './wire.ts'

export interface LoadPlan {
  readonly connections: number
  /** Calls of one connection under way at most. */
  readonly depth: number
  /** Length of the measured time; a warm-up comes before it. */
  readonly seconds: number
  readonly warmupSeconds: number
  /** Calls a second; without it each answer is followed by the next call. */
  readonly rate: number | undefined
}

/** What was seen in the measured time. */
export interface LoadTally {
  /** Answers without an error. */
  readonly calls: number
  /** Everything else: refusals by their code, `UNANSWERED`, `CONNECTION_LOST`. */
  readonly codes: Readonly<Record<string, number>>
  readonly errors: number
  readonly seconds: number
  readonly latencies: Latencies
  /** Of refusals alone; `latencies` are those of all other calls. */
  readonly refusedLatencies: Latencies
  /** Processor time that this process took, in cores. */
  readonly generatorCores: number
  /** What a call takes of the network between client and server, both ways; those of the warm-up count too. */
  readonly bytesPerCall: number
}

export interface LoadTarget {
  readonly host: string
  readonly port: number
  readonly wire: Wire
  /** The address from which a connection comes; left out, the machine chooses. */
  readonly localAddress?: (connection: number) => string
}

/** Told as the run goes on: to read the server's counters, to draw a bar. */
export interface LoadObserver {
  measuring(): void
  measured(): void
  /** Several times a second. */
  progress(calls: number, errors: number, elapsedSeconds: number): void
}

const openAtOnce = 64
const tickMs = 1
const progressMs = 200
/** Answers that come later than this after the measured time are counted as missing. */
const drainMs = 3_000
const unanswered = 'UNANSWERED'
const connectionLost = 'CONNECTION_LOST'

/**
 * Puts the planned load on the target and says what came back. Rejects if it cannot connect, or if every connection was lost. `timers` are kept going by the answers, however many
 * connections have some: with thousands of them the loop would come round to timers every second or two.
 */
export async function runLoad(
  plan: LoadPlan,
  target: LoadTarget,
  observer: LoadObserver,
  stop: AbortSignal,
  timers: Timers = new LoopTimers(realClock),
): Promise<LoadTally> {
  const run = new LoadRun(plan, timers)
  try {
    await run.connect(target, stop)
    return await run.measure(observer, stop)
  } finally {
    run.close()
  }
}

class LoadRun implements ConnectionListener {
  private readonly plan: LoadPlan
  private readonly timers: Timers
  private readonly connections: LoadConnection[] = []
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

  constructor(plan: LoadPlan, timers: Timers) {
    this.plan = plan
    this.timers = timers
  }

  async connect({ host, port, wire, localAddress }: LoadTarget, stop: AbortSignal): Promise<void> {
    const { connections, depth } = this.plan
    const buffer = new ReadBuffer()
    while (this.connections.length < connections) {
      const from = this.connections.length
      const count = Math.min(openAtOnce, connections - from)
      const opening = Array.from({ length: count }, (_, i) =>
        LoadConnection.open({ index: from + i, wire, host, port, depth, buffer, listener: this, localAddress: localAddress?.(from + i) }),
      )
      this.connections.push(...(await Promise.all(opening)))
      stop.throwIfAborted()
    }
  }

  async measure(observer: LoadObserver, stop: AbortSignal): Promise<LoadTally> {
    const { plan } = this
    const startAt = performance.now()
    this.measureFrom = startAt + plan.warmupSeconds * 1000
    this.measureUntil = this.measureFrom + plan.seconds * 1000
    const { depth, rate, connections } = plan
    this.pacing = rate === undefined ? closedLoop(depth) : openLoop({ rate, connections, depth, startAt })
    const ticker = rate === undefined ? undefined : this.timers.every(tickMs, () => this.refill())
    const progress = this.timers.every(progressMs, () => observer.progress(this.calls, this.errors, (performance.now() - startAt) / 1000))
    try {
      this.refill()
      await delay(plan.warmupSeconds * 1000, undefined, { signal: stop })
      observer.measuring()
      const cpuBefore = process.cpuUsage()
      await this.whileConnected(plan.seconds * 1000, stop)
      const cpu = process.cpuUsage(cpuBefore)
      observer.measured()
      await this.drain()
      return this.tally((cpu.user + cpu.system) / 1e6 / plan.seconds)
    } finally {
      ticker?.cancel()
      progress.cancel()
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

  settled(connection: LoadConnection, now: number): void {
    if (now < this.measureUntil) this.pacing?.refill(connection, now)
    this.timers.catchUp()
  }

  lost(connection: LoadConnection, reason: Error): void {
    connection.close(() => this.count(connectionLost, 1))
    if (this.connections.every((one) => !one.isOpen)) this.fault = reason
  }

  close(): void {
    for (const connection of this.connections) if (connection.isOpen) connection.close(() => {})
  }

  private refill(): void {
    const now = performance.now()
    if (now >= this.measureUntil) return
    for (const connection of this.connections) if (connection.isOpen) this.pacing?.refill(connection, now)
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
    while (performance.now() < until && this.connections.some((one) => one.isOpen && one.underWay > 0)) await delay(tickMs)
    const now = performance.now()
    for (const connection of this.connections) {
      if (!connection.isOpen) continue
      connection.close((sentAt) => {
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

  private tally(generatorCores: number): LoadTally {
    const { calls, errors, plan } = this
    const bytes = this.connections.reduce((sum, { bytes: { sent, received } }) => sum + sent + received, 0)
    return {
      calls,
      codes: Object.fromEntries(this.codes),
      errors,
      seconds: plan.seconds,
      latencies: this.log.latencies(),
      refusedLatencies: this.refusedLog.latencies(),
      generatorCores,
      bytesPerCall: this.answers === 0 ? 0 : Math.round(bytes / this.answers),
    }
  }
}
