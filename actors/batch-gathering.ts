import { delay, type World } from '../cluster/world.ts'

/** Enough where storing means a sync of this machine's disk. */
const lingerShareDefault = 0.5
/** A batch is large enough at so much of the mean of the last two. */
const enoughShare = 0.75
/** Whoever asks again does so within this, however long the store takes: one slow batch must not make the next one wait for nobody. */
const lingerMsMax = 10
/** From here on waiting is done by a timer, which leaves the processor to those who are waited for. */
const sleepMs = 1
/** However the clock runs: a simulated one may stand still while the loop turns. */
const turnsMax = 512

/**
 * Decides when a batch is cut. Whoever was answered by the last batch is likely to ask again in a moment, and a batch that is cut before they have
 * costs a whole sync for a few commands while everyone else waits for it: left to themselves, batches of many callers alternate between tiny and
 * huge. So a batch waits until it has about as much as the last two had on average, but never long against what the sync takes. That
 * evens them out, and while one half of the callers is stored the other half is heard. A single caller, or a steady stream, waits for nothing.
 */
export class BatchGathering {
  private readonly world: World
  private readonly lingerShare: number
  private storeMs = 0
  private lastSize = 0
  private sizeBefore = 0

  /** Of the time that storing took lately, `lingerShare` may be spent on waiting for a batch to become as large as the last ones. */
  constructor(world: World, lingerShare = lingerShareDefault) {
    this.world = world
    this.lingerShare = lingerShare
  }

  /** How long the last batch took to store. */
  stored(ms: number): void {
    this.storeMs = ms
  }

  /** Whether so much need not wait for more. */
  isEnough(size: number): boolean {
    return size > 0 && size >= ((this.lastSize + this.sizeBefore) / 2) * enoughShare
  }

  /** Resolves when it is time to cut a batch; `size` tells how much has gathered. */
  async until(size: () => number): Promise<void> {
    const { clock, timers } = this.world
    const lingerMs = Math.min(lingerMsMax, this.storeMs * this.lingerShare)
    const endAt = clock.monotonic() + lingerMs
    await this.turn()
    for (let turns = 0; turns < turnsMax && size() > 0 && !this.isEnough(size()) && clock.monotonic() < endAt; turns++) {
      if (lingerMs >= 2 * sleepMs) await delay(timers, sleepMs)
      else await this.turn()
    }
    if (size() > 0) this.cut(size())
  }

  /** A batch of this size is cut. */
  cut(size: number): void {
    this.sizeBefore = this.lastSize
    this.lastSize = size
  }

  /** Lets waiting IO in. */
  private turn(): Promise<void> {
    return new Promise((resolve) => {
      this.world.timers.soon(resolve)
    })
  }
}
