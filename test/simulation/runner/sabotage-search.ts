import { table } from '../../../ops/cli/tables.ts'
import type { Terminal } from '../../../ops/cli/terminal.ts'
import { type Sabotage, sabotageOf, sabotages } from '../sabotage.ts'
import type { SeedEnd } from './seed-child.ts'
import { SeedCrew, type SeedWork } from './seed-crew.ts'
import type { SeedTask } from './seed-messages.ts'
import { SeedSweep } from './seed-sweep.ts'
import { allSabotages, type SimulateOptions } from './simulate-options.ts'
import type { SweepProgress } from './sweep-progress.ts'

/** A seed that a sabotage breaks, and that is clean without it. */
export interface Catch {
  readonly seed: number
  /** Of those that the sabotage should break. */
  readonly promise: string
  readonly what: string
}

/** What became of the search for one sabotage. */
export interface Searched {
  readonly sabotage: string
  readonly expected: readonly string[]
  /** Seeds that were run with it. */
  readonly tried: number
  readonly caught: readonly Catch[]
  /** Seeds that showed something, but nothing that the sabotage should break; or that are not clean without it either. */
  readonly doubtful: readonly number[]
}

/** A search ends when it has found so many. */
const catchesWanted = 3

export interface SearchParts extends Pick<SimulateOptions, 'start' | 'seeds' | 'jobs' | 'patience'> {
  readonly program: string
  readonly progress: SweepProgress
}

/** The sabotages that the options name. */
export function searchedFor(name: string): readonly Sabotage[] {
  return name === allSabotages ? sabotages : [sabotageOf(name)]
}

/** Looks for the first seeds that catch the sabotage, and checks that they are clean without it. */
export async function searchSabotage(sabotage: Sabotage, parts: SearchParts, stop: AbortSignal): Promise<Searched> {
  const { start, seeds, progress } = parts
  const all = Array.from({ length: seeds }, (_, index) => start + index)
  const hunt = new SabotageHunt(sabotage, all, (tried) => progress.show(tried, hunt.catches.length))
  await crewOf(parts, sabotage.name).run(hunt, stop)
  const found = hunt.catches.toSorted((a, b) => a.seed - b.seed)
  const sweep = new SeedSweep({ seeds: found.map(({ seed }) => seed), repeats: false, traces: false }, () => {})
  await crewOf(parts, undefined).run(sweep, stop)
  sweep.close()
  const unclean = new Set(sweep.violations.map(({ seed }) => seed))
  return {
    sabotage: sabotage.name,
    expected: sabotage.breaks,
    tried: hunt.tried,
    caught: found.filter(({ seed }) => !unclean.has(seed)),
    doubtful: [...hunt.doubtful, ...unclean].toSorted((a, b) => a - b),
  }
}

/** For a reader. */
export function searchTable(terminal: Terminal, searches: readonly Searched[]): string {
  const rows = searches.map(({ sabotage, expected, tried, caught, doubtful }) => [
    sabotage,
    caught.length === 0 ? 'not caught' : caught.map(({ seed, promise }) => `${seed} (${promise})`).join(', '),
    expected.join(', '),
    tried,
    doubtful.length === 0 ? '-' : doubtful.slice(0, catchesWanted).join(', '),
  ])
  return table(terminal, ['sabotage', 'caught by', 'should break', 'tried', 'doubtful'], rows)
}

function crewOf({ program, jobs, patience }: SearchParts, sabotage: string | undefined): SeedCrew {
  return new SeedCrew({ program, sabotage, jobs, seedMsMax: patience * 1000 })
}

/** Runs seeds with a sabotage until enough of them have caught it. */
export class SabotageHunt implements SeedWork<SeedTask> {
  readonly catches: Catch[] = []
  readonly doubtful: number[] = []
  tried = 0
  private readonly sabotage: Sabotage
  private readonly seeds: readonly number[]
  private readonly onProgress: (tried: number) => void
  private begun = 0

  constructor(sabotage: Sabotage, seeds: readonly number[], onProgress: (tried: number) => void = () => {}) {
    this.sabotage = sabotage
    this.seeds = seeds
    this.onProgress = onProgress
  }

  get hasMore(): boolean {
    return this.catches.length < catchesWanted && this.begun < this.seeds.length
  }

  next(): SeedTask | undefined {
    const seed = this.hasMore ? this.seeds[this.begun] : undefined
    if (seed === undefined) return undefined
    this.begun++
    return { seed, keepTraceLines: 0 }
  }

  ended({ seed }: SeedTask, end: SeedEnd): void {
    this.tried++
    const problems = end.kind === 'report' ? end.report.problems : []
    const caught = problems.find(({ promise }) => this.sabotage.breaks.includes(promise))
    if (caught !== undefined) this.catches.push({ seed, promise: caught.promise, what: caught.what })
    else if (problems.length > 0 || end.kind !== 'report') this.doubtful.push(seed)
    this.onProgress(this.tried)
  }
}
