import type { Timer, Timers } from '../../cluster/world.ts'
import { BenchFault } from '../bench-fault.ts'
import type { Lane, LaneListener } from '../load/lane.ts'
import { type Latencies, LatencyLog } from '../load/latency-log.ts'
import { LoadConnection, ReadBuffer } from '../load/load-connection.ts'
import { openLoop, type Pacing } from '../load/pacing.ts'
import type { Wire } from '../load/wire.ts'

/** What came back since the last look. */
export interface Window {
  readonly calls: number
  readonly codes: Readonly<Record<string, number>>
  /** Of calls that were served, from when they were due. */
  readonly latencies: Latencies
}

export interface SteadyPlan {
  readonly rate: number
  readonly connections: number
  /** Calls of one connection under way at most. */
  readonly depth: number
}

/** A server's port, and what is said there. */
export interface SteadyTarget {
  readonly host: string
  readonly port: number
  readonly wire: Wire
}

const tickMs = 1

/** Calls on schedule without an end, looked at a window at a time. */
export class SteadyLoad implements LaneListener {
  private readonly connections: LoadConnection[] = []
  private readonly timers: Timers
  private pacing: Pacing | undefined
  private ticker: Timer | undefined
  private log = new LatencyLog()
  private calls = 0
  private codes: Record<string, number> = {}
  private fault: Error | undefined

  private constructor(timers: Timers) {
    this.timers = timers
  }

  static async start({ host, port, wire }: SteadyTarget, plan: SteadyPlan, timers: Timers): Promise<SteadyLoad> {
    const load = new SteadyLoad(timers)
    const buffer = new ReadBuffer()
    const { connections, depth } = plan
    try {
      for (let index = 0; index < connections; index++) {
        const parts = { index, number: index, wire, host, port, depth, buffer, listener: load, localAddress: undefined }
        load.connections.push(await LoadConnection.open(parts))
      }
    } catch (error) {
      load.stop()
      throw error
    }
    load.pacing = openLoop({ ...plan, startAt: performance.now() })
    load.ticker = timers.every(tickMs, () => load.refill())
    return load
  }

  /** Throws a {@link BenchFault} if a connection was lost. */
  window(): Window {
    if (this.fault !== undefined) throw new BenchFault(`a connection was lost: ${this.fault.message}`, this.fault)
    const { calls, codes } = this
    const latencies = this.log.latencies()
    this.log = new LatencyLog()
    this.calls = 0
    this.codes = {}
    return { calls, codes, latencies }
  }

  stop(): void {
    this.ticker?.cancel()
    for (const connection of this.connections) connection.close(() => {})
  }

  answered(sentAt: number, now: number, code: string | undefined): void {
    if (code === undefined) {
      this.calls++
      this.log.record(now - sentAt)
    } else this.codes[code] = (this.codes[code] ?? 0) + 1
  }

  settled(connection: Lane, now: number): void {
    this.pacing?.refill(connection, now)
    this.timers.catchUp()
  }

  lost(_: Lane, reason: Error): void {
    this.fault ??= reason
  }

  private refill(): void {
    const now = performance.now()
    for (const connection of this.connections) if (connection.isOpen) this.pacing?.refill(connection, now)
  }
}
