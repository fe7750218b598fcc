import type { World } from '../../cluster/world.ts'
import type { OwnershipLimits } from './ownership-limits.ts'

/** How often in a row a shard has failed here, and until when it is left alone: each pause about twice the one before, with a random part. */
export class Setbacks {
  /** Of the store's making. */
  faults = 0
  /** Of the shard's own: bugs, damaged journals, epochs that another fenced. */
  failures = 0
  private readonly world: World
  private readonly limits: Pick<OwnershipLimits, 'retryFirstMs' | 'retryMostMs'>
  private notBefore = -Infinity

  constructor(world: World, limits: Pick<OwnershipLimits, 'retryFirstMs' | 'retryMostMs'>) {
    this.world = world
    this.limits = limits
  }

  add(kind: 'faults' | 'failures'): void {
    const { clock, random } = this.world
    const pauseMs = Math.min(this.limits.retryMostMs, this.limits.retryFirstMs * 2 ** (this.faults + this.failures))
    this[kind]++
    this.notBefore = clock.monotonic() + pauseMs * (0.5 + random.next() / 2)
  }

  get isPausing(): boolean {
    return this.world.clock.monotonic() < this.notBefore
  }

  /** There is news: the next try need not wait. */
  endPause(): void {
    this.notBefore = -Infinity
  }

  storeWorks(): void {
    this.faults = 0
  }

  shardWorks(): void {
    this.failures = 0
  }
}
