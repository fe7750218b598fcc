import type { Timer, World } from '../../cluster/world.ts'
import type { ManualWorld } from './manual-world.ts'

/** How long anything takes on its way to or from a process. */
export const wayMs = 1

/** One process among several in a {@link ManualWorld}: what reaches it waits while it is paused, and is lost once it is dead. */
export class ManualProcess {
  readonly name: string
  readonly world: World
  isDead = false
  private readonly root: ManualWorld
  private isPaused = false
  private waiting: (() => void)[] = []

  constructor(root: ManualWorld, name: string) {
    this.root = root
    this.name = name
    const { clock, timers, random, log } = root
    this.world = {
      ...{ clock, random, log },
      timers: {
        after: (ms, run) => timers.after(ms, () => this.reach(run)),
        every: (ms, run) => this.every(ms, run),
        soon: (run) => timers.soon(() => this.reach(run)),
        catchUp: () => {},
      },
    }
  }

  /** Lets something happen to the process. */
  reach(run: () => void): void {
    if (this.isPaused) this.waiting.push(run)
    else if (!this.isDead) run()
  }

  /** Asks somebody else, who does it whatever becomes of the process; the answer reaches it or not. */
  ask<T>(work: () => Promise<T>): Promise<T> {
    const { timers } = this.root
    const back = (run: () => void): void => void timers.after(wayMs, () => this.reach(run))
    return new Promise((resolve, reject) => {
      timers.after(wayMs, () => {
        work().then(
          (answer) => back(() => resolve(answer)),
          (error: unknown) => back(() => reject(error instanceof Error ? error : new Error(String(error)))),
        )
      })
    })
  }

  pause(): void {
    this.isPaused = true
  }

  wake(): void {
    this.isPaused = false
    const { waiting } = this
    this.waiting = []
    for (const run of waiting) this.root.timers.after(0, () => this.reach(run))
  }

  /** It does nothing any more, from one step to the next. */
  die(): void {
    this.isDead = true
    this.isPaused = false
  }

  /** Like an interval of a process that was stopped: it does not make up for the rounds that it missed. */
  private every(ms: number, run: () => void): Timer {
    const round = (): void => {
      timer = this.world.timers.after(ms, round)
      run()
    }
    let timer = this.world.timers.after(ms, round)
    return { cancel: () => timer.cancel() }
  }
}
