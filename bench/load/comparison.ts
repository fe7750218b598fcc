import type { LoadReport } from './load-report.ts'
import type { Load } from './load.ts'

/** Sluice and another in turns. */
export interface Comparison {
  readonly rounds: number
  /** The report of the median rate; so are all here. */
  readonly rival: LoadReport
  readonly ours: readonly ComparedLoad[]
}

export interface ComparedLoad {
  readonly report: LoadReport
  /** Sluice's rate as a multiple of the other's in the same round: the median of all rounds, the least and the most. */
  readonly ratio: { readonly median: number; readonly least: number; readonly most: number }
}

/** Runs the rounds, A B C A B C with the rival last, so that whatever else the machine does meets all alike. */
export async function compare(
  rounds: number,
  ours: readonly Load[],
  rival: Load,
  run: (load: Load) => Promise<LoadReport>,
): Promise<Comparison> {
  const theirs: LoadReport[] = []
  const reports = ours.map((): LoadReport[] => [])
  for (let round = 0; round < rounds; round++) {
    for (const [i, load] of ours.entries()) reports[i]?.push(await run(load))
    theirs.push(await run(rival))
  }
  return { rounds, rival: medianOf(theirs), ours: reports.map((one) => ({ report: medianOf(one), ratio: ratioOf(one, theirs) })) }
}

function ratioOf(ours: readonly LoadReport[], theirs: readonly LoadReport[]): ComparedLoad['ratio'] {
  const ratios = ours.map(({ callsPerSecond }, round) => callsPerSecond / (theirs[round]?.callsPerSecond ?? NaN)).toSorted((a, b) => a - b)
  return { median: rounded(middle(ratios)), least: rounded(Math.min(...ratios)), most: rounded(Math.max(...ratios)) }
}

function medianOf(reports: readonly LoadReport[]): LoadReport {
  return middle(reports.toSorted((a, b) => a.callsPerSecond - b.callsPerSecond))
}

/** The upper one of two in the middle. */
function middle<T>(sorted: readonly T[]): T {
  const value = sorted[Math.floor(sorted.length / 2)]
  if (value === undefined) throw new Error('there is no round to compare')
  return value
}

function rounded(value: number): number {
  return Math.round(value * 100) / 100
}
