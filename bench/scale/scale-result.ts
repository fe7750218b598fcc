import { z } from 'zod'
import { keepText, keptResult } from '../kept-result.ts'
import type { Spread } from '../peers/race-rounds.ts'
import { least, median } from '../soak/trend.ts'
import { type CurveName, curveNames, curves, type LineName, lineNames } from './curves.ts'
import type { ScaleRun } from './scale-run.ts'

/** What has to be alike for curves to stand in one file. */
export interface ScaleTerms {
  readonly what: string
  readonly commit: string
  readonly machine: Readonly<Record<string, string | number>>
  readonly rounds: number
  readonly seconds: number
  readonly warmupSeconds: number
}

/** What all rounds came to in one place of a line. */
export interface Standing {
  readonly x: number
  readonly callsPerSecond: Spread
  readonly p50Ms: Spread
  readonly p99Ms: Spread
  readonly loopDelayP99Ms: Spread
  readonly memoryMb: Spread
  readonly batchMean: Spread
  readonly bytesPerCall: number
  /** Calls of all rounds that were not served. */
  readonly errors: number
}

export interface CurveResult {
  readonly title: string
  readonly about: string
  readonly xTitle: string
  readonly isLog: boolean
  readonly lines: Readonly<Partial<Record<LineName, readonly Standing[]>>>
}

/** What is promised at half of the peak, and whether the medians hold it. */
export interface Acceptance {
  readonly p99Ms: number
  readonly p99MsMax: number
  readonly loopDelayP99Ms: number
  readonly loopDelayP99MsMax: number
  readonly holds: boolean
}

export interface ScaleResult extends ScaleTerms {
  readonly curves: Readonly<Partial<Record<CurveName, CurveResult>>>
  readonly halfOfPeak: Readonly<Partial<Record<LineName, Acceptance>>>
  readonly runs: readonly ScaleRun[]
}

export const promised = { p99MsMax: { embedded: 10, cluster: 20 }, loopDelayP99MsMax: 20 } as const
const half = 50

export function scaleResult(terms: ScaleTerms, runs: readonly ScaleRun[]): ScaleResult {
  const measured = curveNames.filter((name) => runs.some(({ curve }) => curve === name))
  const results = Object.fromEntries(measured.map((name) => [name, curveOf(name, runs)]))
  return { ...terms, curves: results, halfOfPeak: acceptanceOf(results['load']), runs }
}

function curveOf(name: CurveName, runs: readonly ScaleRun[]): CurveResult {
  const { title, about, xTitle, isLog } = curves[name]
  const here = runs.filter(({ curve }) => curve === name)
  const lines = Object.fromEntries(
    lineNames
      .map((line) => [line, standingsOf(here.filter((run) => run.line === line))] as const)
      .filter(([, standings]) => standings.length > 0),
  )
  return { title, about, xTitle, isLog, lines }
}

function standingsOf(runs: readonly ScaleRun[]): readonly Standing[] {
  const xs = [...new Set(runs.map(({ x }) => x))].toSorted((a, b) => a - b)
  return xs.map((x) => {
    const each = runs.filter((run) => run.x === x)
    const spread = (valueOf: (run: ScaleRun) => number): Spread => spreadOf(each.map(valueOf))
    return {
      x,
      callsPerSecond: spread(({ callsPerSecond }) => callsPerSecond),
      p50Ms: spread(({ p50Ms }) => p50Ms),
      p99Ms: spread(({ p99Ms }) => p99Ms),
      loopDelayP99Ms: spread(({ loopDelayP99Ms }) => loopDelayP99Ms),
      memoryMb: spread(({ memoryMb }) => memoryMb),
      batchMean: spread(({ batchMean }) => batchMean),
      bytesPerCall: spread(({ bytesPerCall }) => bytesPerCall).median,
      errors: each.reduce((sum, { errors }) => sum + errors, 0),
    }
  })
}

/** Between the two in the middle where there is no one, for there may be as few as two rounds. */
function spreadOf(values: readonly number[]): Spread {
  return { median: Math.round(median(values) * 1000) / 1000, least: least(values), most: Math.max(...values) }
}

function acceptanceOf(load: CurveResult | undefined): ScaleResult['halfOfPeak'] {
  const lines = lineNames.flatMap((line) => {
    const at = load?.lines[line]?.find(({ x }) => x === half)
    if (at === undefined) return []
    const [p99Ms, loopDelayP99Ms] = [at.p99Ms.median, at.loopDelayP99Ms.median]
    const [p99MsMax, { loopDelayP99MsMax }] = [promised.p99MsMax[line], promised]
    return [
      [
        line,
        { p99Ms, p99MsMax, loopDelayP99Ms, loopDelayP99MsMax, holds: p99Ms < p99MsMax && loopDelayP99Ms < loopDelayP99MsMax },
      ] as const,
    ]
  })
  return Object.fromEntries(lines)
}

const runSchema = z.looseObject({ curve: z.enum(curveNames), line: z.enum(lineNames), x: z.number(), callsPerSecond: z.number() })
/** Of what this program wrote itself only that is looked at which tells runs apart; the rest is carried along. */
const isRun = (value: unknown): boolean => runSchema.safeParse(value).success
const savedSchema = z.looseObject({ runs: z.array(z.custom<ScaleRun>(isRun)) })

/** The runs of other curves that a result has already, none if there is no such file or all curves are measured anew. Throws as {@link keptResult}. */
export function savedRuns(path: string, terms: ScaleTerms, measured: readonly CurveName[]): readonly ScaleRun[] {
  if (measured.length === curveNames.length) return []
  const saved = keptResult(path, savedSchema, terms, 'bench:scale')
  return saved?.runs.filter(({ curve }) => !measured.includes(curve)) ?? []
}

/** Readable, with a line to each of some hundred runs. */
export function save(path: string, { runs, ...result }: ScaleResult): void {
  const mark = '"runs"'
  const lines = runs.map((run) => `    ${JSON.stringify(run)}`)
  const text = JSON.stringify({ ...result, runs: mark }, null, 2).replace(JSON.stringify(mark), () => `[\n${lines.join(',\n')}\n  ]`)
  keepText(path, `${text}\n`)
}
