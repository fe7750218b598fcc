import { loadavg } from 'node:os'
import type { LoadReport } from '../load/load-report.ts'
import { type Curve, type CurveName, curves, durabilityOf, type LineName, lineNames, type ScalePoint } from './curves.ts'

/** What one load of one round came to. */
export interface ScaleRun {
  readonly curve: CurveName
  readonly line: LineName
  readonly x: number
  readonly round: number
  readonly rate?: number
  readonly callsPerSecond: number
  readonly p50Ms: number
  readonly p99Ms: number
  readonly errors: number
  readonly loopDelayP99Ms: number
  readonly memoryMb: number
  readonly batchMean: number
  readonly serverCores: number
  readonly generatorCores: number
  readonly bytesPerCall: number
  /** Of the machine before it, which other programs have a part in. */
  readonly loadAverage: number
}

export interface PointSettings {
  readonly durability: (typeof durabilityOf)[LineName]
  readonly warmupSeconds: number
  readonly rate: number | undefined
}

/** Puts a load on servers of its own. */
export type RunPoint = (point: ScalePoint, settings: PointSettings) => Promise<LoadReport>

interface Place {
  readonly line: LineName
  readonly point: ScalePoint
}

/**
 * Measures a curve once. Odd rounds go backwards. What the shares of a load are shares of is measured first, whichever way the round goes.
 */
export async function runRound(name: CurveName, round: number, warmupSeconds: number, run: RunPoint): Promise<readonly ScaleRun[]> {
  const runs: ScaleRun[] = []
  const peaks: Partial<Record<LineName, number>> = {}
  for (const { line, point } of orderOf(curves[name], round)) {
    const [loadAverage = 0] = loadavg()
    const rate = point.share === undefined ? undefined : Math.max(1, Math.round((peaks[line] ?? 0) * point.share))
    const report = await run(point, { durability: durabilityOf[line], warmupSeconds: point.warmupSeconds ?? warmupSeconds, rate })
    if (point.share === undefined) peaks[line] = report.callsPerSecond
    runs.push(runOf({ curve: name, line, x: point.x, round, loadAverage: Math.round(loadAverage * 100) / 100 }, report))
  }
  return runs
}

export function orderOf({ lines }: Curve, round: number): readonly Place[] {
  const places = lineNames.flatMap((line) => (lines[line] ?? []).map((point): Place => ({ line, point })))
  const turned = round % 2 === 0 ? places : places.toReversed()
  return [...turned.filter(({ point }) => point.share === undefined), ...turned.filter(({ point }) => point.share !== undefined)]
}

function runOf(which: Pick<ScaleRun, 'curve' | 'line' | 'x' | 'round' | 'loadAverage'>, report: LoadReport): ScaleRun {
  const { rate, callsPerSecond, p50Ms, p99Ms, errors, generatorCores, bytesPerCall, server } = report
  return {
    ...which,
    ...(rate === undefined ? {} : { rate }),
    callsPerSecond,
    p50Ms,
    p99Ms,
    errors,
    loopDelayP99Ms: server.loopDelayP99Ms ?? 0,
    memoryMb: server.memoryMb ?? 0,
    batchMean: server.batchMean ?? 0,
    serverCores: server.cores ?? 0,
    generatorCores,
    bytesPerCall,
  }
}
