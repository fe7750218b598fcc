export interface PaceSettings {
  readonly perSecond: number
  /** What is slowed is not idle because a timer was late: so much may be caught up. */
  readonly creditMs?: number | undefined
}

const creditMsUsual = 5

/** So many a second, one after another. */
export class Pace {
  private readonly perSecond: number
  private readonly creditMs: number
  private freeAt = performance.now()

  constructor({ perSecond, creditMs = creditMsUsual }: PaceSettings) {
    this.perSecond = perSecond
    this.creditMs = creditMs
  }

  /** Takes `count` more; returns how long they last from now on, which is nothing while it is behind. */
  take(count: number): number {
    const now = performance.now()
    this.freeAt = Math.max(this.freeAt, now - this.creditMs) + (count * 1000) / this.perSecond
    return this.freeAt - now
  }
}
