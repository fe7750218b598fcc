import { type BucketRate, demandMs, holderMs, type Portion, type PortionWish, type SharedBucket } from './shared-bucket.ts'
import type { Clock } from './world.ts'

interface Holder {
  readonly at: number
  readonly wanted: number
}

/** The bucket of one process, and of tests that let several holders share it. */
export class LocalBucket implements SharedBucket {
  readonly #rate: BucketRate
  readonly #clock: Clock
  readonly #holders = new Map<string, Holder>()
  /** Thousandths: with a rate per second and times in ms these are exact. */
  #milliTokens = 0
  #at: number

  constructor(rate: BucketRate, clock: Clock) {
    this.#rate = rate
    this.#clock = clock
    this.#at = clock.monotonic()
  }

  async take({ holder, wanted, returned, owed }: PortionWish): Promise<Portion> {
    const now = this.#clock.monotonic()
    this.#add((now - this.#at) * this.#rate.ratePerSecond)
    this.#at = now
    this.#add(returned * 1000)
    this.#milliTokens = Math.max(0, this.#milliTokens - owed * 1000)
    this.#holders.set(holder, { at: now, wanted })
    const there = Math.floor(this.#milliTokens / 1000)
    const all = this.#wantedByAll(now)
    const granted = all <= there ? wanted : Math.min(wanted, Math.ceil((there * wanted) / all))
    this.#milliTokens -= granted * 1000
    return { granted, holders: this.#holders.size }
  }

  async leave(holder: string, returned: number): Promise<void> {
    this.#add(returned * 1000)
    this.#holders.delete(holder)
  }

  #add(milliTokens: number): void {
    this.#milliTokens = Math.min(this.#rate.burst * 1000, this.#milliTokens + milliTokens)
  }

  #wantedByAll(now: number): number {
    let all = 0
    for (const [name, { at, wanted }] of this.#holders) {
      if (now - at > holderMs) this.#holders.delete(name)
      else if (now - at <= demandMs) all += wanted
    }
    return all
  }
}
