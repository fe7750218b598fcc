import type { Timers } from '../../cluster/world.ts'
import type { LinkTarget } from '../links/link-target.ts'
import { type Latencies, LatencyLog } from './latency-log.ts'
import { type LoadPart, runPart } from './load-part.ts'
import { runParts } from './load-threads.ts'
import type { WireSpec } from './wire-spec.ts'

export interface LoadPlan {
  readonly connections: number
  /** Calls of one connection under way at most. */
  readonly depth: number
  /** Length of the measured time; a warm-up comes before it. */
  readonly seconds: number
  readonly warmupSeconds: number
  /** Calls a second; without it each answer is followed by the next call. */
  readonly rate: number | undefined
  /** That the connections are spread over; with one, which is the default, the load runs in the thread that asks for it. */
  readonly threads?: number
}

/** One thread's part of a plan. */
export interface PartPlan extends LoadPlan {
  /** The number of its first connection among those of all parts: no two of them have the same users. */
  readonly firstConnection: number
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

/** A server's port. */
export interface SocketTarget {
  readonly kind: 'sockets'
  readonly host: string
  readonly port: number
  readonly wire: WireSpec
  /** Tells the users of this load from those of others. */
  readonly run: string
  /** All calls are the same call of one user. */
  readonly isRepeated?: boolean
  /** Each connection comes from an address of its own. */
  readonly isFromMany?: boolean
}

/** What can be put under load. Plain data, since a thread is told of it. */
export type LoadTarget = SocketTarget | LinkTarget

/** Told as the run goes on: to read the server's counters, to draw a bar. */
export interface LoadObserver {
  measuring(): void
  measured(): void
  /** Several times a second. */
  progress(calls: number, errors: number, elapsedSeconds: number): void
}

/** Puts the planned load on the target and says what came back. Rejects if it cannot connect, or if every connection was lost. `timers` are those of a load in this thread. */
export async function runLoad(
  plan: LoadPlan,
  target: LoadTarget,
  observer: LoadObserver,
  stop: AbortSignal,
  timers?: Timers,
): Promise<LoadTally> {
  const meter = new ProcessorMeter(observer)
  const { threads = 1 } = plan
  const parts =
    threads === 1
      ? [await runPart({ ...plan, firstConnection: 0 }, target, meter, stop, timers)]
      : await runParts(partsOf(plan, threads), target, meter, stop)
  return tallyOf(parts, plan.seconds, meter.cores)
}

/** Connections, and with them the rate, as evenly as whole ones can be spread. */
export function partsOf(plan: LoadPlan, threads: number): readonly PartPlan[] {
  const { connections, rate } = plan
  let firstConnection = 0
  return Array.from({ length: threads }, (_, thread): PartPlan => {
    const own = Math.floor(connections / threads) + (thread < connections % threads ? 1 : 0)
    const part = { ...plan, connections: own, rate: rate === undefined ? undefined : (rate * own) / connections, firstConnection }
    firstConnection += own
    return part
  })
}

export function tallyOf(parts: readonly LoadPart[], seconds: number, generatorCores: number): LoadTally {
  const sum = (of: (part: LoadPart) => number): number => parts.reduce((all, part) => all + of(part), 0)
  const answers = sum((part) => part.answers)
  const codes: Record<string, number> = {}
  for (const part of parts) for (const [code, times] of Object.entries(part.codes)) codes[code] = (codes[code] ?? 0) + times
  return {
    calls: sum((part) => part.calls),
    codes,
    errors: sum((part) => part.errors),
    seconds,
    latencies: latenciesOf(parts.map((part) => part.latencies)),
    refusedLatencies: latenciesOf(parts.map((part) => part.refusedLatencies)),
    generatorCores,
    bytesPerCall: answers === 0 ? 0 : Math.round(sum((part) => part.bytes) / answers),
  }
}

function latenciesOf(encoded: readonly string[]): Latencies {
  const log = new LatencyLog()
  for (const one of encoded) log.add(one)
  return log.latencies()
}

/** Reads this process's processor time, all its threads', when the measured time begins and ends. */
class ProcessorMeter implements LoadObserver {
  cores = 0
  private readonly observer: LoadObserver
  private before = process.cpuUsage()
  private startedAt = 0

  constructor(observer: LoadObserver) {
    this.observer = observer
  }

  measuring(): void {
    this.before = process.cpuUsage()
    this.startedAt = performance.now()
    this.observer.measuring()
  }

  measured(): void {
    const { user, system } = process.cpuUsage(this.before)
    this.cores = (user + system) / 1000 / (performance.now() - this.startedAt)
    this.observer.measured()
  }

  progress(calls: number, errors: number, elapsedSeconds: number): void {
    this.observer.progress(calls, errors, elapsedSeconds)
  }
}
