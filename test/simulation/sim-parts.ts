import type { Reached } from './reached.ts'
import type { Scheduler } from './scheduler.ts'
import type { SeededRandom } from './seeded-random.ts'
import type { Trace } from './trace.ts'

/** What every simulated service is made with. */
export interface SimParts {
  readonly scheduler: Scheduler
  readonly random: SeededRandom
  readonly trace: Trace
  readonly reached: Reached
}
