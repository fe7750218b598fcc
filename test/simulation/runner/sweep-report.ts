import { counted } from '../../../ops/counted.ts'
import type { SeedSweep } from './seed-sweep.ts'
import type { SeedRates } from './seed-tally.ts'
import type { Violation } from './violation.ts'

/** A run of fewer seeds has had no fair chance to come across everything. */
export const seedsForAll = 100

/** The outcome of a run, as `--json` prints it. */
export interface SweepReport extends SeedRates {
  /** Seeds that were run to their end. */
  readonly seeds: number
  readonly start: number
  readonly sabotage?: string
  readonly interrupted: boolean
  readonly violations: readonly Violation[]
  readonly reached: Readonly<Record<string, number>>
  /** Situations that no seed came across. */
  readonly missing: readonly string[]
  readonly repeated: SeedSweep['repeated']
}

export interface SweepHead {
  readonly start: number
  readonly sabotage: string | undefined
  readonly interrupted: boolean
}

export function reportOf({ start, sabotage, interrupted }: SweepHead, sweep: SeedSweep): SweepReport {
  const { tally, violations, repeated } = sweep
  return {
    seeds: tally.seeds,
    start,
    ...(sabotage === undefined ? {} : { sabotage }),
    interrupted,
    violations,
    reached: tally.reached.toJSON(),
    missing: tally.missing,
    repeated,
    ...tally.rates,
  }
}

/** Nothing was broken and, where there were seeds enough, nothing was missed. Sabotaged code need not come to every situation. */
export function isClean({ violations, missing, seeds, sabotage }: SweepReport): boolean {
  return violations.length === 0 && (missing.length === 0 || seeds < seedsForAll || sabotage !== undefined)
}

/** For a reader. */
export function summaryOf(report: SweepReport): readonly string[] {
  const { seeds, start, violations, missing, repeated, interrupted } = report
  const broken = new Map<string, number>()
  for (const { promise } of violations) broken.set(promise, (broken.get(promise) ?? 0) + 1)
  const kinds = [...broken].map(([promise, times]) => `${promise} ${times}`).join(', ')
  const situations = Object.keys(report.reached).length
  const never = missing.length === 0 || seeds < seedsForAll ? '' : `; never: ${missing.join(', ')}`
  const found = counted(violations.length, 'violation')
  return [
    `${counted(seeds, 'seed')} from ${start}${interrupted ? ', interrupted' : ''}: ${found}${kinds === '' ? '' : ` (${kinds})`}`,
    `  repeated: ${repeated.checked}, differing: ${repeated.differing}`,
    `  situations reached: ${situations - missing.length} of ${situations}${never}`,
    `  ${report.seconds} s, ${report.seedsPerMinute} seeds a minute; a seed is ${report.simulatedSecondsPerSeed} simulated seconds and ${report.eventsPerSeed} events`,
  ]
}
