import type { SeedReport } from '../seed-report.ts'

/** A seed that broke a promise, or could not be run as it should. */
export interface Violation {
  readonly seed: number
  /** `G1` to `G12`; or `did not end`, `crashed`, `not repeatable`. */
  readonly promise: string
  readonly what: string
  /** ms since the seed's run began; undefined if that is not known. */
  readonly atMs?: number
  /** Problems that the seed showed besides this one. */
  readonly furtherProblems: number
  /** Runs it again, with everything that happens. */
  readonly command: string
  /** What happened before it, as far as that was found out. */
  readonly trace: readonly string[]
}

/** A failure of which nothing more is known. */
export function plainViolation(
  problem: Pick<Violation, 'seed' | 'promise' | 'what'> & { readonly atMs?: number },
  sabotage: string | undefined,
): Violation {
  const command = `npm run simulate -- --seed ${problem.seed} --trace${sabotage === undefined ? '' : ` --sabotage ${sabotage}`}`
  return { ...problem, furtherProblems: 0, command, trace: [] }
}

/** What a report's first problem is, by the time at which it showed; undefined for a clean seed. */
export function violationOf({ seed, problems }: SeedReport, sabotage: string | undefined): Violation | undefined {
  const [first] = problems.toSorted((a, b) => a.atMs - b.atMs)
  return first === undefined ? undefined : { ...plainViolation({ seed, ...first }, sabotage), furtherProblems: problems.length - 1 }
}

/** For a reader. */
export function linesOf({ seed, promise, what, furtherProblems, trace, command }: Violation): readonly string[] {
  const further = furtherProblems === 0 ? '' : ` (and ${furtherProblems} more)`
  return [
    `seed ${seed}: ${/^G\d/.test(promise) ? `${promise} is broken` : promise}: ${what}${further}`,
    ...trace.map((line) => `    ${line}`),
    `  again: ${command}`,
  ]
}
