import type { Log } from '../cluster/world.ts'

export interface RepeatsLimits {
  /** After a try that changed nothing, until the next; doubled each time, up to the most. */
  readonly firstMs: number
  readonly mostMs: number
  /** Tries under way at once. */
  readonly underWayMax: number
}

/**
 * Does something for each of an owner's unfinished items, again and again until the item is gone: what is unfinished is in the journaled state and nothing of
 * it is kept here, so that a next owner begins again from the state. An item that changes is another object, and begins anew.
 */
export class Repeats<T extends object> {
  private readonly limits: RepeatsLimits
  private readonly log: Log
  private readonly attempts = new WeakMap<T, Attempt>()
  private underWay = 0

  constructor(limits: RepeatsLimits, log: Log) {
    this.limits = limits
    this.log = log
  }

  get isFull(): boolean {
    return this.underWay >= this.limits.underWayMax
  }

  /** Runs `run` for the item if that is due: for the first time `waitMs` after it was offered first, and never more often than that. */
  offer(item: T, now: number, waitMs: number, run: (item: T) => Promise<void>): void {
    const known = this.attempts.get(item)
    const attempt = known ?? { count: 0, dueAt: now + waitMs, isUnderWay: false }
    if (known === undefined) this.attempts.set(item, attempt)
    if (attempt.isUnderWay || attempt.dueAt > now || this.isFull) return
    const { firstMs, mostMs } = this.limits
    attempt.isUnderWay = true
    attempt.dueAt = now + Math.max(waitMs, Math.min(mostMs, firstMs * 2 ** attempt.count++))
    this.underWay++
    run(item)
      .catch((error: unknown) => this.log.warn({ attempt: attempt.count, error: String(error) }, 'was not done; it will be tried again'))
      .finally(() => {
        attempt.isUnderWay = false
        this.underWay--
      })
  }
}

interface Attempt {
  count: number
  dueAt: number
  isUnderWay: boolean
}
