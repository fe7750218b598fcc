import type { Timer, World } from '../../cluster/world.ts'

/** Looks at something from time to time, for its metrics; never twice at a time. */
export class RegularLook {
  private readonly timer: Timer
  private looking: Promise<void> | undefined

  /** `what` is said in the log when a look fails. */
  constructor(world: World, everyMs: number, what: string, look: () => Promise<unknown>) {
    const once = (): Promise<void> =>
      look().then(
        () => {},
        (error: unknown) => world.log.warn({ error: String(error) }, `${what} could not be looked at`),
      )
    this.timer = world.timers.every(everyMs, () => {
      this.looking ??= once().finally(() => (this.looking = undefined))
    })
  }

  async close(): Promise<void> {
    this.timer.cancel()
    await this.looking
  }
}
