import { type BreakerState, CircuitBreaker, type Passage } from '../cluster/circuit-breaker.ts'
import type { World } from '../cluster/world.ts'
import { ConcurrencyLimit, type ConcurrencyLimits } from './concurrency-limit.ts'

export interface ShardGateLimits extends ConcurrencyLimits {
  /** After which a call is given up. */
  readonly callDeadlineMs: number
}

/** What keeps a call from a shard: that nobody answers there, or that too many calls are under way. */
export type GateLayer = 'breaker' | 'overload'

/** How a call ended. What the shard's mailbox, or the shard, refused as `busy` was answered, but says nothing of its speed. */
export type CallEnd = 'answered' | 'busy' | 'timed out'

/** Looks in a row in which calls ran out of time and none was answered, after which nobody is let through for a while. */
const silentLooksMax = 3
const openFirstMs = 1_000
const openMostMs = 8_000
const trialRetryMs = 500
const none = -1

/** Stands between this gateway and one shard: as many calls as it serves in time, and none but one now and then while it answers nobody. */
export class ShardGate {
  private readonly world: Pick<World, 'clock'>
  private readonly callDeadlineMs: number
  private readonly limit: ConcurrencyLimit
  private readonly breaker: CircuitBreaker
  /** The breaker lets all through. */
  private isClear = true
  private clearedAt = -Infinity
  /** The call that tries whether somebody answers again. */
  private trial: Passage | undefined
  private trialRow = none
  private answers = 0
  private timeouts = 0

  constructor(world: Pick<World, 'clock' | 'timers' | 'random'>, limits: ShardGateLimits, onChange: (state: BreakerState) => void) {
    this.world = world
    this.callDeadlineMs = limits.callDeadlineMs
    this.limit = new ConcurrencyLimit(limits, world.clock.monotonic())
    this.breaker = new CircuitBreaker(world, { failuresMax: silentLooksMax, openFirstMs, openMostMs }, (state) => {
      this.isClear = state === 'closed'
      if (this.isClear) this.clearedAt = this.world.clock.monotonic()
      onChange(state)
    })
  }

  /** Calls at a time, at present. */
  get calls(): number {
    return this.limit.calls
  }

  get underWay(): number {
    return this.limit.underWay
  }

  get isOverloaded(): boolean {
    return this.limit.isShrunk
  }

  /** Times that it was. */
  get overloads(): number {
    return this.limit.overloads
  }

  get isShut(): boolean {
    return !this.isClear
  }

  get takesNewcomers(): boolean {
    return this.isClear && this.limit.takesNewcomers
  }

  /** What keeps out a call of somebody who holds something, or of a newcomer; undefined if nothing does. */
  refuses(isHolder: boolean): GateLayer | undefined {
    if (!this.isClear && (this.breaker.state === 'open' || this.trialRow !== none)) return 'breaker'
    return (isHolder ? this.limit.takesHolders : this.limit.takesNewcomers) ? undefined : 'overload'
  }

  /** In how many ms who was refused by this layer should come again. */
  retryAfterMs(layer: GateLayer, isHolder: boolean): number {
    return layer === 'overload' ? this.limit.refuse(isHolder) : Math.max(trialRetryMs, this.breaker.waitMs)
  }

  begin(row: number, isHolder: boolean): void {
    this.limit.begin(row, isHolder, this.world.clock)
    if (!this.isClear && this.trialRow === none) this.try(row)
  }

  end(row: number, isHolder: boolean, how: CallEnd): void {
    this.limit.end(row, isHolder, how === 'busy', this.world.clock)
    if (how === 'timed out') this.timeouts++
    else this.answers++
    if (row === this.trialRow) this.tried(how !== 'timed out')
  }

  /** Called at regular intervals. */
  look(now: number): void {
    this.limit.look(now)
    // What began before anybody answered again says nothing any more.
    if (now - this.clearedAt < this.callDeadlineMs) this.timeouts = 0
    if (this.isClear && this.answers + this.timeouts > 0) this.breaker.enter()?.end(this.answers > 0)
    this.answers = 0
    this.timeouts = 0
  }

  close(): void {
    this.breaker.stop()
  }

  private try(row: number): void {
    this.trial = this.breaker.enter()
    if (this.trial !== undefined) this.trialRow = row
  }

  private tried(succeeded: boolean): void {
    const { trial } = this
    this.trial = undefined
    this.trialRow = none
    trial?.end(succeeded)
  }
}
