import type { StoreSabotage } from './store/stored-journal.ts'

export interface SeedOptions {
  /** 32 bits; everything in the run follows from it. */
  readonly seed: number
  /** The report brings so many of the trace's last lines. */
  readonly keepTraceLines: number
  /** A switch of the simulated store. What a sabotage breaks in real code is broken before the code is loaded (sabotage-loader.ts). */
  readonly sabotage?: StoreSabotage | undefined
}

/** A promise that a run broke. */
export interface SeedProblem {
  /** `G1` to `G12`. */
  readonly promise: string
  readonly what: string
  /** ms since the run began. */
  readonly atMs: number
}

/** What became of one seed. */
export interface SeedReport {
  readonly seed: number
  readonly simulatedSeconds: number
  /** Events of the scheduler. */
  readonly events: number
  /** Of the whole trace: two runs of a seed have the same. */
  readonly traceHash: string
  readonly problems: readonly SeedProblem[]
  /** How often each rare situation came up (reached.ts). */
  readonly reached: Readonly<Record<string, number>>
  readonly trace: readonly string[]
  /** What the run took of real time. */
  readonly wallMs: number
}
