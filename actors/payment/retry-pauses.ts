import type { Timer, World } from '../../cluster/world.ts'

export interface RetryLimits {
  readonly triesMax: number
  readonly retryFirstMs: number
  readonly retryMostMs: number
}

interface Waiting {
  readonly what: string
  readonly wake: () => void
}

/** Waits between tries: each about twice as long as the one before, with a random part, all of them ended at once by `end`. */
export class RetryPauses {
  private readonly world: World
  private readonly limits: RetryLimits
  private readonly waiting = new Set<Waiting>()
  private ended = false

  constructor(world: World, limits: RetryLimits) {
    this.world = world
    this.limits = limits
  }

  /** After the try with this number, from 1 on: resolves when it is time for the next; false if there is to be none. */
  before(tried: number, what: string): Promise<boolean> {
    const { triesMax, retryFirstMs, retryMostMs } = this.limits
    if (this.ended || tried >= triesMax) return Promise.resolve(false)
    const ms = Math.min(retryMostMs, retryFirstMs * 2 ** (tried - 1)) * (0.5 + this.world.random.next() / 2)
    return new Promise((resolve) => {
      let timer: Timer | undefined = undefined
      const wake = (): void => {
        timer?.cancel()
        this.waiting.delete(one)
        resolve(!this.ended)
      }
      const one = { what, wake }
      this.waiting.add(one)
      timer = this.world.timers.after(ms, wake)
    })
  }

  /** It is time for the next try of this now. */
  hurry(what: string): void {
    for (const one of this.waiting) if (one.what === what) one.wake()
  }

  /** Nobody waits any more, and there are no more tries. */
  end(): void {
    this.ended = true
    for (const { wake } of this.waiting) wake()
  }
}
