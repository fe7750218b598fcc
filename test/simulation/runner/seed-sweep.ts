import type { SeedReport } from '../seed-report.ts'
import type { SeedEnd } from './seed-child.ts'
import type { SeedWork } from './seed-crew.ts'
import type { SeedTask } from './seed-messages.ts'
import { SeedTally } from './seed-tally.ts'
import { commandOf, linesBefore, type Violation, violationOf } from './violation.ts'

/** One seed in so many is run twice. */
export const repeatEvery = 20
/** So many failures are run again for the trace of what led to them. */
const tracedMax = 5
const wholeTrace = Number.MAX_SAFE_INTEGER

export interface SweepPlan {
  readonly seeds: readonly number[]
  readonly sabotage?: string | undefined
  /** Runs one seed in {@link repeatEvery} a second time, in a process of its own, and compares the traces. */
  readonly repeats: boolean
  /** Keeps the whole trace of each seed. */
  readonly traces: boolean
}

type SweepTask = SeedTask &
  (
    | { readonly why: 'first'; readonly index: number }
    | { readonly why: 'repeat'; readonly hash: string }
    | { readonly why: 'trace'; readonly violation: Violation }
  )

/** Runs every seed of a plan once, some of them twice, and failures again to see what led to them. */
export class SeedSweep implements SeedWork<SweepTask> {
  readonly tally = new SeedTally()
  readonly violations: Violation[] = []
  readonly repeated = { checked: 0, differing: 0 }
  readonly reports: SeedReport[] = []
  private readonly plan: SweepPlan
  private readonly onViolation: (violation: Violation) => void
  private readonly repeats: SweepTask[] = []
  private readonly traces: SweepTask[] = []
  /** Found, and not told yet because their traces are being made. */
  private readonly untold = new Set<Violation>()
  private begun = 0

  constructor(plan: SweepPlan, onViolation: (violation: Violation) => void) {
    this.plan = plan
    this.onViolation = onViolation
  }

  next(isFresh: boolean): SweepTask | undefined {
    if (isFresh) {
      const repeat = this.repeats.shift()
      if (repeat !== undefined) return repeat
    }
    return this.traces.shift() ?? this.nextSeed()
  }

  get hasMore(): boolean {
    return this.traces.length > 0 || this.repeats.length > 0 || this.begun < this.plan.seeds.length
  }

  ended(task: SweepTask, end: SeedEnd): void {
    switch (task.why) {
      case 'first':
        return this.ran(task.seed, task.index, end)
      case 'repeat':
        return this.ranAgain(task.seed, task.hash, end)
      case 'trace':
        this.untold.delete(task.violation)
        return this.tell({ ...task.violation, trace: traceOf(task.violation, end) })
    }
  }

  /** Tells what was found before the run was stopped, without the traces. */
  close(): void {
    for (const violation of this.untold) this.tell(violation)
    this.untold.clear()
  }

  private nextSeed(): SweepTask | undefined {
    const index = this.begun
    const seed = this.plan.seeds[index]
    if (seed === undefined) return undefined
    this.begun++
    return { why: 'first', seed, index, keepTraceLines: this.plan.traces ? wholeTrace : 0 }
  }

  private ran(seed: number, index: number, end: SeedEnd): void {
    if (end.kind !== 'report') return this.tell(this.failure(seed, end))
    const { report } = end
    this.tally.add(report)
    if (this.plan.traces) this.reports.push(report)
    if (this.plan.repeats && index % repeatEvery === 0) {
      this.repeats.push({ why: 'repeat', seed, hash: report.traceHash, keepTraceLines: 0 })
    }
    const violation = violationOf(report, this.plan.sabotage)
    if (violation === undefined) return
    if (this.plan.traces) return this.tell({ ...violation, trace: traceOf(violation, end) })
    if (this.violations.length + this.untold.size >= tracedMax) return this.tell(violation)
    this.untold.add(violation)
    this.traces.push({ why: 'trace', seed, keepTraceLines: wholeTrace, violation })
  }

  private ranAgain(seed: number, hash: string, end: SeedEnd): void {
    this.repeated.checked++
    if (end.kind === 'report' && end.report.traceHash === hash) return
    this.repeated.differing++
    const what =
      end.kind === 'report'
        ? `its trace has the hash ${hash} in one process and ${end.report.traceHash} in another`
        : `it ended with a report in one process; in another it ${describe(end)}`
    this.tell({ ...this.plainViolation(seed), promise: 'not repeatable', what })
  }

  private failure(seed: number, end: Exclude<SeedEnd, { kind: 'report' }>): Violation {
    return { ...this.plainViolation(seed), promise: end.kind === 'hung' ? 'did not end' : 'crashed', what: describe(end) }
  }

  private plainViolation(seed: number): Pick<Violation, 'seed' | 'furtherProblems' | 'command' | 'trace'> {
    return { seed, furtherProblems: 0, command: commandOf(seed, this.plan.sabotage), trace: [] }
  }

  private tell(violation: Violation): void {
    this.violations.push(violation)
    this.onViolation(violation)
  }
}

function traceOf(violation: Violation, end: SeedEnd): readonly string[] {
  if (end.kind === 'report') return linesBefore(end.report.trace, violation.atMs ?? Infinity)
  return [`(the trace is missing: run again, it ${describe(end)})`]
}

function describe(end: Exclude<SeedEnd, { kind: 'report' }>): string {
  switch (end.kind) {
    case 'hung':
      return `was still running after ${end.afterMs / 1000} s`
    case 'threw':
      return `threw ${end.error}`
    case 'died':
      return `took its process down, which ${end.how}`
  }
}
