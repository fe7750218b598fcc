import { alignedRows } from '../aligned-rows.ts'
import type { BoundFigures } from './at-the-bound.ts'
import type { ProcessSample } from './process-memory.ts'
import { changesOf, least, median, type Point, type Trend, trendOf, type Verdict, verdictOf } from './trend.ts'

/** One look. */
export interface SoakSample {
  readonly atSeconds: number
  /** By process. */
  readonly processes: Readonly<Record<string, ProcessSample>>
  readonly diskBytes: number
  /** Served, refused by code, and latencies of the calls on schedule since the look before. */
  readonly calls: number
  readonly codes: Readonly<Record<string, number>>
  readonly p50Ms: number
  readonly p99Ms: number
  /** Visitors who are there, and the load of the machine, which other programs have a part in. */
  readonly present: number
  readonly loadAverage: number
}

/** What is said of one series. */
export interface Finding extends Partial<Trend> {
  /** `node: heap`. */
  readonly series: string
  readonly unit: 'MB' | 'ms'
  readonly allowedPerHour: number
  readonly verdict: Verdict
}

export interface SoakReport {
  readonly what: string
  readonly commit: string
  readonly machine: Readonly<Record<string, string | number>>
  readonly at: string
  readonly peer: string
  readonly minutes: number
  readonly warmupSeconds: number
  readonly rate: number
  readonly users: number
  readonly visitsPerSecond: number
  readonly findings: readonly Finding[]
  readonly grows: boolean
  readonly calls: number
  readonly codes: Readonly<Record<string, number>>
  readonly latency: { readonly p50Ms: number; readonly worstP99Ms: number; readonly medianP99Ms: number }
  readonly loopDelayP99Ms: Readonly<Record<string, { readonly median: number; readonly most: number }>>
  readonly visits: Readonly<Record<string, number>>
  readonly restocked: number
  /** The most that V8 kept for its heap, and that is so many times what lives in it: it lets itself have up to four times that, however long it takes to get there. */
  readonly heapKept: Readonly<Record<string, { readonly mostMb: number; readonly timesLive: number }>>
  readonly snapshots: number
  /** Journal that waits for its snapshot, at the most, and the data folder or Redis, whose archive grows until its days are over. */
  readonly journalLagMostMb: number
  readonly disk: { readonly fromMb: number; readonly toMb: number; readonly bytesPerCall: number }
  readonly bound: BoundFigures
  readonly samples: readonly SoakSample[]
}

/** What an hour may add: of memory a part of all that the process takes, of latencies a part of themselves. */
const allowed = { memoryShare: 0.05, latencyShare: 0.2, latencyMsLeast: 0.5 } as const
const mb = 1024 * 1024

/** What is judged, of the samples behind the warm-up. */
export function findingsOf(samples: readonly SoakSample[]): readonly Finding[] {
  const names = Object.keys(samples[0]?.processes ?? {})
  const memory = names.flatMap((name) => {
    const whole = median(valuesOf(samples, ({ processes }) => (processes[name]?.anonymous ?? 0) / mb))
    const kinds = ['heapLive', 'external', 'native'] as const
    return kinds.map((kind) => {
      const points = pointsOf(samples, ({ processes }) => (processes[name]?.[kind] ?? 0) / mb)
      const allowedPerHour = whole * allowed.memoryShare
      // A heap is small beside the rest, so a growth counts from less on.
      return kind === 'heapLive'
        ? finding(`${name}: ${memoryNames[kind]}`, 'MB', changesOf(points), median, () => allowedPerHour * heapPart)
        : finding(`${name}: ${memoryNames[kind]}`, 'MB', points, least, () => allowedPerHour)
    })
  })
  const latencies = (['p50Ms', 'p99Ms'] as const).map((which) =>
    finding(
      `latency ${which.slice(0, 3)}`,
      'ms',
      pointsOf(samples, (sample) => sample[which]),
      median,
      (level) => Math.max(allowed.latencyMsLeast, level * allowed.latencyShare),
    ),
  )
  return [...memory, ...latencies]
}

const heapPart = 0.5
const memoryNames = {
  heapLive: 'heap after collections',
  external: 'arrays and buffers',
  native: 'outside the heap',
} as const

function finding(
  series: string,
  unit: Finding['unit'],
  points: readonly Point[],
  reduce: (values: readonly number[]) => number,
  allowedOf: (level: number) => number,
): Finding {
  const trend = trendOf(points, reduce)
  const allowedPerHour = allowedOf(trend?.level ?? 0)
  return {
    series,
    unit,
    ...(trend === undefined ? {} : roundedTrend(trend)),
    allowedPerHour: hundredths(allowedPerHour),
    verdict: verdictOf(trend, allowedPerHour),
  }
}

function roundedTrend({ level, perHour, leastPerHour, mostPerHour }: Trend): Trend {
  return {
    level: hundredths(level),
    perHour: hundredths(perHour),
    leastPerHour: hundredths(leastPerHour),
    mostPerHour: hundredths(mostPerHour),
  }
}

function pointsOf(samples: readonly SoakSample[], valueOf: (sample: SoakSample) => number): readonly Point[] {
  return samples.map((sample) => ({ atSeconds: sample.atSeconds, value: valueOf(sample) }))
}

function valuesOf(samples: readonly SoakSample[], valueOf: (sample: SoakSample) => number): readonly number[] {
  return samples.map(valueOf)
}

/** What all samples behind the warm-up come to. */
export function summaryOf(
  samples: readonly SoakSample[],
): Pick<SoakReport, 'calls' | 'codes' | 'latency' | 'loopDelayP99Ms' | 'heapKept' | 'snapshots' | 'journalLagMostMb' | 'disk'> {
  const [first, last] = [samples[0], samples.at(-1)]
  if (first === undefined || last === undefined) throw new Error('a soak without samples')
  const codes: Record<string, number> = {}
  for (const sample of samples) for (const [code, times] of Object.entries(sample.codes)) codes[code] = (codes[code] ?? 0) + times
  const calls = samples.reduce((sum, sample) => sum + sample.calls, 0)
  const total = (sample: SoakSample, valueOf: (one: ProcessSample) => number): number =>
    Object.values(sample.processes).reduce((sum, one) => sum + valueOf(one), 0)
  return {
    calls,
    codes,
    latency: {
      p50Ms: hundredths(median(samples.map(({ p50Ms }) => p50Ms))),
      medianP99Ms: hundredths(median(samples.map(({ p99Ms }) => p99Ms))),
      worstP99Ms: hundredths(Math.max(...samples.map(({ p99Ms }) => p99Ms))),
    },
    loopDelayP99Ms: Object.fromEntries(
      Object.keys(first.processes).map((name) => {
        const delays = samples.map(({ processes }) => processes[name]?.loopDelayP99Ms ?? 0)
        return [name, { median: hundredths(median(delays)), most: hundredths(Math.max(...delays)) }]
      }),
    ),
    heapKept: Object.fromEntries(
      Object.keys(first.processes).map((name) => {
        const most = Math.max(...samples.map(({ processes }) => processes[name]?.heapTotal ?? 0))
        const live = Math.max(...samples.map(({ processes }) => processes[name]?.heapLive ?? 0))
        return [name, { mostMb: Math.round(most / mb), timesLive: live === 0 ? 0 : Math.round((most / live) * 10) / 10 }]
      }),
    ),
    snapshots: total(last, ({ snapshots }) => snapshots) - total(first, ({ snapshots }) => snapshots),
    journalLagMostMb: Math.round(Math.max(...samples.map((sample) => total(sample, ({ journalLag }) => journalLag))) / mb),
    disk: {
      fromMb: Math.round(first.diskBytes / mb),
      toMb: Math.round(last.diskBytes / mb),
      bytesPerCall: Math.round((last.diskBytes - first.diskBytes) / Math.max(1, calls)),
    },
  }
}

/** For a reader at a terminal. */
export function linesOf(report: SoakReport): readonly string[] {
  const { findings, latency, disk, bound } = report
  const from = report.warmupSeconds / 60
  const rows = findings.map((one) => [
    one.series,
    one.level === undefined ? '' : `${one.level} ${one.unit}`,
    one.perHour === undefined ? '' : `${signed(one.perHour)} ${one.unit}/h`,
    one.leastPerHour === undefined ? '' : `(${signed(one.leastPerHour)} to ${signed(one.mostPerHour ?? 0)})`,
    `allowed ${one.allowedPerHour}`,
    one.verdict === 'steady' ? 'steady' : one.verdict.toUpperCase(),
  ])
  const codes = Object.entries(report.codes).map(([code, times]) => `${code} ${count(times)}`)
  const delays = Object.entries(report.loopDelayP99Ms).map(([name, { median: usual, most }]) => `${name} ${usual} ms, at worst ${most} ms`)
  const kept = Object.entries(report.heapKept).map(
    ([name, { mostMb, timesLive }]) => `${name} ${mostMb} MB, ${timesLive} times what lived in it`,
  )
  const visits = Object.entries(report.visits).map(([outcome, times]) => `${count(times)} ${outcome}`)
  return [
    `${report.peer}: ${report.minutes} minutes, of which ${hundredths(from)} warmed up; ${count(report.rate)} calls/s of ${count(report.users)} users, ${report.visitsPerSecond} visits/s by WebSocket`,
    ...alignedRows(rows).map((line) => `  ${line}`),
    `  ${count(report.calls)} calls, refused: ${codes.length === 0 ? 'none' : codes.join(', ')}; p50 ${latency.p50Ms} ms, p99 ${latency.medianP99Ms} ms, at worst ${latency.worstP99Ms} ms of a window`,
    `  event loop p99: ${delays.join('; ')}`,
    `  heap that V8 kept at most: ${kept.join('; ')}`,
    `  visits: ${visits.join(', ')}; ${count(report.restocked)} units put in`,
    `  ${report.snapshots} snapshots; journal behind them ${report.journalLagMostMb} MB at most; on disk, with the archive, ${disk.fromMb} to ${disk.toMb} MB: ${disk.bytesPerCall} bytes a call`,
    `at the bound, ${count(bound.offered)} newcomers in ${bound.seconds} s:`,
    ...Object.entries(bound.answers).map(
      ([what, answers]) =>
        `  ${what}: ${Object.entries(answers)
          .map(([code, times]) => `${code} ${count(times)}`)
          .join(', ')}`,
    ),
    `  memory ${bound.fromMb} to ${bound.toMb} MB while they came`,
    `  people with a hold checked out meanwhile: ${bound.checkouts.done} done, ${bound.checkouts.refused} refused, p99 ${bound.checkouts.p99Ms} ms`,
    report.grows
      ? 'IT GROWS'
      : findings.some(({ verdict }) => verdict === 'unclear')
        ? 'nothing is seen to grow; what is UNCLEAR takes a longer soak'
        : 'nothing grows',
  ]
}

/** As JSON to be kept: readable, with a line to each of some hundred samples. */
export function fileText({ samples, ...report }: SoakReport): string {
  const [mark, lines] = ['"samples"', samples.map((sample) => `    ${JSON.stringify(sample)}`)]
  return `${JSON.stringify({ ...report, samples: mark }, null, 2).replace(JSON.stringify(mark), () => `[\n${lines.join(',\n')}\n  ]`)}\n`
}

function signed(value: number): string {
  return value > 0 ? `+${value}` : `${value}`
}

export function hundredths(value: number): number {
  return Math.round(value * 100) / 100
}

function count(value: number): string {
  return Math.round(value).toLocaleString('en-US')
}
