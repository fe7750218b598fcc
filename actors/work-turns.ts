import type { World } from '../cluster/world.ts'
import type { TakeTurns } from './work.ts'

/** What a process may do of its long works before everything else that waits has its turn. */
const turnMs = 2

/**
 * Shares the event loop of a process between its long works (recoveries of large shards) and all that must not wait for them: each time the loop comes
 * round, one of the works goes on for {@link turnMs}, however many there are.
 */
export class WorkTurns {
  private readonly world: Pick<World, 'clock' | 'timers'>
  private readonly waiting: (() => void)[] = []
  private turnBegan = 0

  constructor(world: Pick<World, 'clock' | 'timers'>) {
    this.world = world
  }

  readonly take: TakeTurns = () => {
    const { clock, timers } = this.world
    if (clock.monotonic() - this.turnBegan < turnMs) return undefined
    return new Promise((resolve) => {
      this.waiting.push(resolve)
      if (this.waiting.length === 1) timers.soon(() => this.pass())
    })
  }

  private pass(): void {
    const { clock, timers } = this.world
    const next = this.waiting.shift()
    if (this.waiting.length > 0) timers.soon(() => this.pass())
    this.turnBegan = clock.monotonic()
    next?.()
  }
}
