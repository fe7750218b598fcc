import type { Log, LogFields, Timer, Timers, World } from '../../cluster/world.ts'
import { type EventOwner, type Scheduler, simulationStart } from './scheduler.ts'
import type { SeededRandom } from './seeded-random.ts'
import type { Trace } from './trace.ts'

export interface SimProcessParts {
  readonly scheduler: Scheduler
  readonly trace: Trace
  readonly random: SeededRandom
  readonly name: string
  /** ms by which its wall clock is ahead of the true time. */
  readonly skewMs: number
}

const wakeMs = 0

/**
 * One run of one process: what it takes from the world, and what may befall it. A crash ends it for good, nothing of it runs any more; what it had
 * sent by then is on its way. A pause lets everything that comes wait, timers too, until it wakes up and finds the time gone on.
 */
export class SimProcess implements EventOwner {
  readonly name: string
  readonly world: World
  isDead = false
  isPaused = false
  private readonly scheduler: Scheduler
  private deferred: (() => void)[] = []
  private readonly onDeath: (() => void)[] = []

  constructor(parts: SimProcessParts) {
    const { scheduler, trace, name, random, skewMs } = parts
    this.name = name
    this.scheduler = scheduler
    const startedAt = scheduler.now
    // Stacks name folders of this machine.
    const line =
      (level: string) =>
      (fields: LogFields, text: string): void =>
        trace.add(scheduler.now - simulationStart, name, `${level}: ${text} ${JSON.stringify({ ...fields, stack: undefined })}`)
    const log: Log = { debug: () => {}, info: line('info'), warn: line('warn'), error: line('error') }
    this.world = {
      clock: { now: () => Math.floor(scheduler.now) + skewMs, monotonic: () => scheduler.now - startedAt },
      timers: this.timers(),
      random,
      log,
    }
  }

  /** Everything of it stops at once. */
  crash(): void {
    if (this.isDead) return
    this.isDead = true
    this.deferred = []
    for (const tell of this.onDeath) tell()
  }

  /** Its sockets close when it dies; the other ends notice. */
  whenDead(tell: () => void): void {
    this.onDeath.push(tell)
  }

  pause(ms: number): void {
    if (this.isDead || this.isPaused) return
    this.isPaused = true
    this.scheduler.after(ms, () => this.wake())
  }

  /** Ends a pause before its time. */
  wake(): void {
    if (!this.isPaused) return
    this.isPaused = false
    const { deferred } = this
    this.deferred = []
    for (const run of deferred) this.scheduler.after(wakeMs, run, this)
  }

  defer(run: () => void): void {
    this.deferred.push(run)
  }

  private timers(): Timers {
    const { scheduler } = this
    return {
      after: (ms, run) => scheduler.after(ms, run, this),
      every: (ms, run) => this.every(ms, run),
      soon: (run) => {
        scheduler.after(0, run, this)
      },
      // Events come one at a time here.
      catchUp: () => {},
    }
  }

  private every(ms: number, run: () => void): Timer {
    const round = (): void => {
      timer = this.scheduler.after(Math.max(1, ms), round, this)
      run()
    }
    let timer = this.scheduler.after(Math.max(1, ms), round, this)
    return { cancel: () => timer.cancel() }
  }
}
