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

/** A failure's trace goes back so far. */
export const traceLinesMax = 40

export function commandOf(seed: number, sabotage: string | undefined): string {
  return `npm run simulate -- --seed ${seed} --trace${sabotage === undefined ? '' : ` --sabotage ${sabotage}`}`
}

/** What a report's first problem is, by the time at which it showed; undefined for a clean seed. */
export function violationOf({ seed, problems }: SeedReport, sabotage: string | undefined): Violation | undefined {
  const [first] = problems.toSorted((a, b) => a.atMs - b.atMs)
  return first === undefined
    ? undefined
    : { seed, ...first, furtherProblems: problems.length - 1, command: commandOf(seed, sabotage), trace: [] }
}

/** The last lines of a whole trace up to that time. */
export function linesBefore(trace: readonly string[], atMs: number): readonly string[] {
  // A line begins with its time in seconds (trace.ts); the problem's own is rounded like it.
  const until = (atMs + 0.5) / 1000
  const after = trace.findIndex((line) => Number.parseFloat(line) > until)
  const end = after === -1 ? trace.length : after
  return trace.slice(Math.max(0, end - traceLinesMax), end)
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
