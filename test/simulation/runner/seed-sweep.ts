import type { SeedReport } from '../seed-report.ts'
import type { SeedEnd } from './seed-child.ts'
import type { SeedWork } from './seed-crew.ts'
import type { SeedTask } from './seed-messages.ts'
import { SeedTally } from './seed-tally.ts'
import { firstDifference, linesBefore } from './trace-excerpt.ts'
import { plainViolation, type Violation, violationOf } from './violation.ts'

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
  /** Asked before each seed, with how many have begun: whether the rest is to be left out. */
  readonly isEnough?: (begun: number) => boolean
}

interface SweepTask extends SeedTask {
  readonly ended: (end: SeedEnd) => void
}

/** Runs every seed of a plan once, some of them twice, and failures again to see what led to them. */
export class SeedSweep implements SeedWork<SweepTask> {
  readonly tally = new SeedTally()
  readonly violations: Violation[] = []
  readonly repeated = { checked: 0, differing: 0 }
  readonly reports: SeedReport[] = []
  /** Seeds that will not run, since there were enough. */
  leftOut = 0
  private readonly plan: SweepPlan
  private readonly onViolation: (violation: Violation) => void
  /** For processes that have run nothing yet. */
  private readonly fresh: SweepTask[] = []
  private readonly urgent: SweepTask[] = []
  /** Found, and not told yet because their traces are being made. */
  private readonly untold = new Set<Violation>()
  private begun = 0

  constructor(plan: SweepPlan, onViolation: (violation: Violation) => void) {
    this.plan = plan
    this.onViolation = onViolation
  }

  next(isFresh: boolean): SweepTask | undefined {
    return (isFresh ? this.fresh.shift() : undefined) ?? this.urgent.shift() ?? this.nextSeed()
  }

  get hasMore(): boolean {
    return this.urgent.length > 0 || this.fresh.length > 0 || this.begun + this.leftOut < this.plan.seeds.length
  }

  ended(task: SweepTask, end: SeedEnd): void {
    task.ended(end)
  }

  /** Tells what was found before the run was stopped, without the traces. */
  close(): void {
    for (const violation of this.untold) this.tell(violation)
  }

  private nextSeed(): SweepTask | undefined {
    const index = this.begun
    if (this.plan.isEnough?.(index) === true) this.leftOut = this.plan.seeds.length - index
    const seed = this.leftOut > 0 ? undefined : this.plan.seeds[index]
    if (seed === undefined) return undefined
    this.begun++
    return { seed, keepTraceLines: this.plan.traces ? wholeTrace : 0, ended: (end) => this.ran(seed, index, end) }
  }

  private ran(seed: number, index: number, end: SeedEnd): void {
    if (end.kind !== 'report') {
      const promise = end.kind === 'hung' ? 'did not end' : 'crashed'
      return this.tell(plainViolation({ seed, promise, what: describe(end) }, this.plan.sabotage))
    }
    const { report } = end
    this.tally.add(report)
    if (this.plan.traces) this.reports.push(report)
    if (this.plan.repeats && index % repeatEvery === 0) {
      this.fresh.push({ seed, keepTraceLines: 0, ended: (again) => this.ranAgain(report, again) })
    }
    const violation = violationOf(report, this.plan.sabotage)
    if (violation === undefined) return
    if (this.plan.traces) this.tell({ ...violation, trace: traceOf(violation, end) })
    else if (this.findsOut(violation)) {
      this.urgent.push({ seed, keepTraceLines: wholeTrace, ended: (again) => this.foundOut(violation, traceOf(violation, again)) })
    } else this.tell(violation)
  }

  private ranAgain({ seed, traceHash }: SeedReport, end: SeedEnd): void {
    this.repeated.checked++
    if (end.kind === 'report' && end.report.traceHash === traceHash) return
    this.repeated.differing++
    const what = end.kind === 'report' ? `its trace has the hash ${end.report.traceHash}` : `it ${describe(end)}`
    const problem = { seed, promise: 'not repeatable', what: `in another process ${what}; it was ${traceHash} before` }
    const violation = plainViolation(problem, this.plan.sabotage)
    if (this.findsOut(violation)) this.compare(violation)
    else this.tell(violation)
  }

  /** Runs the seed twice more, first where others have run and then in a process of its own, to see where the traces part. */
  private compare(violation: Violation): void {
    const { seed } = violation
    const task = { seed, keepTraceLines: wholeTrace }
    const wholeOf = (end: SeedEnd): readonly string[] => (end.kind === 'report' ? end.report.trace : [`it ${describe(end)}`])
    const compareWith = (used: SeedEnd) => (own: SeedEnd) => this.foundOut(violation, firstDifference(wholeOf(used), wholeOf(own)))
    this.urgent.push({ ...task, ended: (used) => this.fresh.push({ ...task, ended: compareWith(used) }) })
  }

  /** Whether what led to a failure is to be found out before it is told; the first few are. */
  private findsOut(violation: Violation): boolean {
    if (this.violations.length + this.untold.size >= tracedMax) return false
    this.untold.add(violation)
    return true
  }

  private foundOut(violation: Violation, trace: readonly string[]): void {
    this.untold.delete(violation)
    this.tell({ ...violation, trace })
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
