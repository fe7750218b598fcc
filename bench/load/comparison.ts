import type { LoadReport } from './load-report.ts'

/** Sluice and Redis under the same load in turns. */
export interface Comparison {
  readonly sluice: LoadReport
  readonly redis: LoadReport
  /** Sluice's rate as a multiple of Redis's in the same round: the median of all rounds, the least and the most. */
  readonly ratio: { readonly median: number; readonly least: number; readonly most: number }
}

/** Runs the rounds, A B A B, so that whatever else the machine does meets both alike. The reports are those of the median rates. */
export async function compare(rounds: number, run: (peer: 'sluice' | 'redis') => Promise<LoadReport>): Promise<Comparison> {
  const sluice: LoadReport[] = []
  const redis: LoadReport[] = []
  const ratios: number[] = []
  for (let round = 0; round < rounds; round++) {
    const ours = await run('sluice')
    const theirs = await run('redis')
    sluice.push(ours)
    redis.push(theirs)
    ratios.push(ours.callsPerSecond / theirs.callsPerSecond)
  }
  ratios.sort((a, b) => a - b)
  const ratio = { median: rounded(middle(ratios)), least: rounded(Math.min(...ratios)), most: rounded(Math.max(...ratios)) }
  return { sluice: medianOf(sluice), redis: medianOf(redis), ratio }
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
