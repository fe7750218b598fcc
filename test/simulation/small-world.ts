import { Reached } from './reached.ts'
import { Scheduler } from './scheduler.ts'
import { SeededRandom } from './seeded-random.ts'
import type { SimParts } from './sim-parts.ts'
import { SimProcess } from './sim-process.ts'
import { Trace } from './trace.ts'

const traceLinesMax = 10_000

/** Time, chance, trace and processes, for a test of one simulated service. */
export class SmallWorld implements SimParts {
  readonly scheduler = new Scheduler()
  readonly trace = new Trace(traceLinesMax)
  readonly reached = new Reached()
  readonly random: SeededRandom

  constructor(seed = 1) {
    this.random = new SeededRandom(seed)
  }

  process(name: string): SimProcess {
    const { scheduler, trace } = this
    return new SimProcess({ scheduler, trace, random: this.random.fork(name), name, skewMs: 0 })
  }

  async pass(ms: number): Promise<void> {
    // What the test itself has begun gets to its first wait.
    this.scheduler.after(0, () => {})
    await this.scheduler.run(this.scheduler.now + ms)
  }

  /** What a promise comes to, for which time may have to pass. */
  async settled<T>(promise: Promise<T>, withinMs = 60_000): Promise<T> {
    const state = { isSettled: false }
    const watched = promise.finally(() => {
      state.isSettled = true
    })
    // Whoever called is told; until then nobody needs to listen.
    watched.catch(() => undefined)
    const deadline = this.scheduler.now + withinMs
    await this.pass(0)
    while (!state.isSettled) {
      if (this.scheduler.now > deadline) throw new Error(`not settled within ${withinMs} ms`)
      await this.pass(1)
    }
    return watched
  }

  /** Resolves after `ms`. */
  delay(ms: number): Promise<void> {
    return new Promise((resolve) => {
      this.scheduler.after(ms, resolve)
    })
  }

  /** What was logged as an error. */
  get errors(): readonly string[] {
    return this.trace.tail().filter((line) => line.includes(' error: '))
  }
}
