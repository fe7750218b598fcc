import type { Store } from '../../../cluster/store.ts'
import { Reached } from '../reached.ts'
import { Scheduler } from '../scheduler.ts'
import { SeededRandom } from '../seeded-random.ts'
import { SimProcess } from '../sim-process.ts'
import { SimStore } from '../sim-store.ts'
import { Trace } from '../trace.ts'
import { DrivenStore } from './driven-store.ts'
import type { StoreSabotage } from './stored-journal.ts'

/** Nothing that a test waits for takes longer, in simulated ms. */
const patienceMs = 60_000

/** A simulated store with nothing else around it, and time that goes on as long as somebody waits for an answer. */
export class SimStoreBench {
  readonly scheduler = new Scheduler()
  readonly trace = new Trace(1_000)
  readonly reached = new Reached()
  readonly store: SimStore
  readonly leaseMs = 3_000
  private readonly random: SeededRandom
  private waiting = 0
  private isTurning = false

  constructor(seed = 1, sabotage?: StoreSabotage) {
    this.random = new SeededRandom(seed)
    const { scheduler, trace, reached, leaseMs } = this
    const parts = { scheduler, trace, reached, leaseMs, shards: 2, random: this.random.fork('store') }
    this.store = new SimStore(sabotage === undefined ? parts : { ...parts, sabotage })
  }

  process(name: string): SimProcess {
    const { scheduler, trace } = this
    return new SimProcess({ scheduler, trace, name, random: this.random.fork(name), skewMs: 0 })
  }

  /** The store as a process has it, whose calls make time go on. */
  connect(process = this.process('node')): Store {
    return new DrivenStore(this.store.connect(process), (answer) => this.settled(answer))
  }

  pass(ms: number): Promise<void> {
    return this.scheduler.run(this.scheduler.now + ms)
  }

  /** Lets time go on until the promise settles. */
  async settled<T>(promise: Promise<T>): Promise<T> {
    this.waiting++
    const settled = promise.finally(() => this.waiting--)
    const [outcome] = await Promise.all([settled, this.turn()])
    return outcome
  }

  /** Time goes on in one place, however many wait. */
  private async turn(): Promise<void> {
    if (this.isTurning) return
    this.isTurning = true
    const until = this.scheduler.now + patienceMs
    try {
      while (this.waiting > 0) {
        if (this.scheduler.now > until) throw new Error('the store does not answer')
        await this.pass(1)
      }
    } finally {
      this.isTurning = false
    }
  }
}
