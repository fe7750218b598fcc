import type { PromiseId } from '../../ops/journal/stock-ledger.ts'

/** A promise of SPEC.md that did not hold, and when that showed. */
export interface Problem {
  readonly promise: PromiseId
  readonly what: string
  readonly atMs: number
}

/** Hears of everything that must not be. */
export type Complain = (promise: PromiseId, what: string) => void

/** What all checkers of a run have found: counted all, kept a bounded number. */
export class Findings {
  readonly problems: Problem[] = []
  count = 0
  private readonly now: () => number
  private readonly keepMax: number

  constructor(now: () => number, keepMax = 100) {
    this.now = now
    this.keepMax = keepMax
  }

  readonly complain: Complain = (promise, what) => {
    this.count++
    if (this.problems.length < this.keepMax) this.problems.push({ promise, what, atMs: this.now() })
  }
}
