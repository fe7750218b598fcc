import type { LoadReport } from '../load/load-report.ts'
import type { Load } from '../load/load.ts'
import { nameOf, type Race } from './race.ts'

/** All of a race once, one after another. */
export interface Round {
  /** ISO time at which it began, and what else the machine did then. */
  readonly at: string
  readonly loadAverage: number
  readonly reports: Readonly<Record<string, LoadReport>>
}

/** The median of all rounds, the least and the most. */
export interface Spread {
  readonly median: number
  readonly least: number
  readonly most: number
}

export interface Standing {
  readonly callsPerSecond: Spread
  readonly p99Ms: Spread
}

/** What rounds came to. */
export interface Outcome {
  readonly standings: Readonly<Record<string, Standing>>
  /** Ours, then theirs: our rate as a multiple of theirs in the same round. */
  readonly ratios: Readonly<Record<string, Readonly<Record<string, Spread>>>>
}

/** Runs everything once, in the race's order: whatever else the machine does meets all alike. */
export async function runRound(
  { ours, theirs }: Pick<Race, 'ours' | 'theirs'>,
  run: (load: Load) => Promise<LoadReport>,
): Promise<Round['reports']> {
  const reports: Record<string, LoadReport> = {}
  for (const load of [...ours, ...theirs]) reports[nameOf(load)] = await run(load)
  return reports
}

/** Throws if a round lacks one of the race. */
export function outcomeOf({ ours, theirs }: Pick<Race, 'ours' | 'theirs'>, rounds: readonly Round[]): Outcome {
  const named = (loads: readonly Load[]): readonly string[] => loads.map(nameOf)
  const each = (name: string, figure: (report: LoadReport) => number): readonly number[] =>
    rounds.map(({ reports }) => figure(reportIn(reports, name)))
  const standing = (name: string): Standing => ({
    callsPerSecond: spreadOf(each(name, ({ callsPerSecond }) => callsPerSecond)),
    p99Ms: spreadOf(each(name, ({ p99Ms }) => p99Ms)),
  })
  const ratio = (our: string, their: string): Spread => {
    const [rates, theirRates] = [our, their].map((name) => each(name, ({ callsPerSecond }) => callsPerSecond))
    return spreadOf((rates ?? []).map((rate, round) => rounded(rate / (theirRates?.[round] ?? NaN))))
  }
  return {
    standings: Object.fromEntries(named([...ours, ...theirs]).map((name) => [name, standing(name)])),
    ratios: Object.fromEntries(
      named(ours).map((our) => [our, Object.fromEntries(named(theirs).map((their) => [their, ratio(our, their)]))]),
    ),
  }
}

function reportIn(reports: Round['reports'], name: string): LoadReport {
  const report = reports[name]
  if (report === undefined) throw new Error(`a round without ${name}`)
  return report
}

/** Of whole numbers whole. Throws if there is no value. */
export function spreadOf(values: readonly number[]): Spread {
  const sorted = values.toSorted((a, b) => a - b)
  const [least, most] = [sorted[0], sorted.at(-1)]
  const [below, above] = [sorted[Math.floor((sorted.length - 1) / 2)], sorted[Math.floor(sorted.length / 2)]]
  if (least === undefined || most === undefined || below === undefined || above === undefined) throw new Error('there is no round')
  const median = (below + above) / 2
  return { median: values.every(Number.isInteger) ? Math.round(median) : rounded(median), least, most }
}

export function rounded(value: number): number {
  return Math.round(value * 100) / 100
}
