import type { World } from '../cluster/world.ts'
import { delay } from '../cluster/world.ts'

/** Of the time that storing took lately, so much may be spent on making the next batch larger. */
const share = 0.5
/** From here on waiting is done by a timer, which leaves the processor to others. */
const sleepMs = 1

/**
 * Decides when a batch is cut. Whoever was answered by the last batch is likely to ask again within the next moment; a batch that is cut before
 * they have done so costs a whole sync for a few commands, and everyone else waits for it. So commands may gather as long as more of them keep coming
 * and the wait stays small against what the sync takes. A single caller never waits: nothing comes while it is being answered.
 */
export class BatchGathering {
  private readonly world: World
  private storeMs = 0

  constructor(world: World) {
    this.world = world
  }

  /** How long the last batch took to store. */
  stored(ms: number): void {
    this.storeMs = ms
  }

  /** Resolves when it is time; `size` tells how much has gathered. */
  async until(size: () => number): Promise<void> {
    const { clock, timers } = this.world
    const lingerMs = this.storeMs * share
    const endAt = clock.monotonic() + lingerMs
    await this.turn()
    if (size() === 0) return
    for (let seen = -1; size() > seen && clock.monotonic() < endAt;) {
      seen = size()
      if (lingerMs >= 2 * sleepMs) await delay(timers, sleepMs)
      else await this.turn()
    }
  }

  /** Lets waiting IO in, twice: the first turn may end before what it read has become a frame. */
  private async turn(): Promise<void> {
    await this.soon()
    await this.soon()
  }

  private soon(): Promise<void> {
    return new Promise((resolve) => {
      this.world.timers.soon(resolve)
    })
  }
}
