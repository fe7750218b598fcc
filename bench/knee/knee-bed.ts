import { BenchFault } from '../bench-fault.ts'
import type { LinkName, SluiceName } from '../links/links.ts'
import type { LoadReport } from '../load/load-report.ts'
import type { Load } from '../load/load.ts'
import { loadStarted, newRun, peerOf, type RunSettings } from '../load/peer-load.ts'
import type { Peer } from '../servers/peer.ts'
import type { Transport } from '../servers/sluice-wire.ts'
import type { LinkRate } from './bottleneck.ts'
import type { CurvePoint } from './curve.ts'

/** One row of the table: what came of so many threads and connections. */
export interface KneePoint extends CurvePoint, Omit<LinkRate, 'name'> {
  readonly threads: number
  /** Of all threads together. */
  readonly connections: number
  readonly depth: number
  readonly p99Ms: number
  /** Processor time by process, in cores; `load` is the generator. */
  readonly cores: Readonly<Record<string, number>>
}

/** What is put under load, and how. */
export interface BedSettings {
  readonly peer: SluiceName
  readonly transport: Transport
  /** Undefined for the whole chain. */
  readonly link: LinkName | undefined
  readonly depth: number
  readonly repeats: number
  readonly run: RunSettings
}

export interface Climbing {
  readonly threads: number
  readonly connections: number
}

/** Claims stay in memory: after so many calls a peer makes room for a fresh one, so that late points are of the same server as early ones. */
const callsMax = 3_000_000

/**
 * Measures one point after another on a peer that stays up between them.
 *
 *     const bed = new KneeBed(settings, stop)
 *     await bed.measure({ threads: 2, connections: 16 })
 *     await bed.close()
 */
export class KneeBed {
  private readonly settings: BedSettings
  private readonly stop: AbortSignal
  private peer: Peer | undefined
  private calls = 0

  constructor(settings: BedSettings, stop: AbortSignal) {
    this.settings = settings
    this.stop = stop
  }

  /** The run of the median throughput, with the spread of all. */
  async measure({ threads, connections }: Climbing): Promise<KneePoint> {
    const { peer, transport, link, depth, repeats } = this.settings
    const load: Load = {
      ...{ peer, transport, connections, depth },
      ...(link === undefined ? {} : { link }),
      ...(threads === 1 ? {} : { threads }),
    }
    const reports: LoadReport[] = []
    for (let left = repeats; left > 0; left--) reports.push(await this.runOnce(load))
    return pointOf(load, reports)
  }

  async close(): Promise<void> {
    const { peer } = this
    this.peer = undefined
    this.calls = 0
    await peer?.stop()
  }

  private async runOnce(load: Load): Promise<LoadReport> {
    this.stop.throwIfAborted()
    if (this.calls > callsMax) await this.close()
    const { run } = this.settings
    this.peer ??= await peerOf(load, run)
    const report = await loadStarted(this.peer, load, run, this.stop, { ...this.peer.target, run: newRun() })
    this.calls += (report.calls / run.seconds) * (run.seconds + run.warmupSeconds)
    return report
  }
}

function pointOf({ connections, depth, threads = 1 }: Load, reports: readonly LoadReport[]): KneePoint {
  const inOrder = reports.toSorted((a, b) => a.callsPerSecond - b.callsPerSecond)
  const median = inOrder[(inOrder.length - 1) >> 1]
  const [first, last] = [inOrder[0], inOrder.at(-1)]
  if (median === undefined || first === undefined || last === undefined) throw new Error('a point without a run')
  if (median.calls === 0)
    throw new BenchFault(
      `nothing was answered: ${connections} connections x ${depth} calls of ${median.link ?? median.peer}, ${JSON.stringify(median.codes)}`,
    )
  const { calls, errors, callsPerSecond, p50Ms, p99Ms, generatorCores, server } = median
  return {
    ...{ threads, connections, depth, concurrency: connections * depth },
    ...{ callsPerSecond, least: first.callsPerSecond, most: last.callsPerSecond, p50Ms, p99Ms },
    errorShare: Math.round((errors / Math.max(1, calls + errors)) * 1000) / 1000,
    cores: { ...(server.coresOf ?? (server.cores === undefined ? {} : { node: server.cores })), load: generatorCores },
  }
}
