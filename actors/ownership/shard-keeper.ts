import { type ShardName, StoreFault } from '../../cluster/store.ts'
import { EpochLost } from '../epoch-lost.ts'
import type { Shard } from '../shard.ts'
import { within } from './deadline.ts'
import type { OwnershipCounters } from './ownership-counters.ts'
import type { OwnershipLimits } from './ownership-limits.ts'
import { Setbacks } from './setbacks.ts'
import { type LeaseParts, ShardLease } from './shard-lease.ts'
import type { Turns } from './turns.ts'

/** One ownership of a shard, for whoever opens it. */
export interface Tenure {
  readonly name: ShardName
  readonly epoch: number
  /** False once the lease has run out; the shard then stops by itself. */
  readonly mayAct: () => boolean
  /** The shard stopped: with an {@link EpochLost}, or on a bug. */
  readonly onLost: (reason: Error) => void
}

/** What the keepers of one node share. */
export interface KeeperParts extends LeaseParts {
  readonly limits: OwnershipLimits
  readonly counters: OwnershipCounters
  readonly opening: Turns
  readonly handingOver: Turns
  readonly open: (tenure: Tenure) => Promise<Shard>
  /** Makes the next owner's work short, while the shard goes on. */
  readonly prepareHandOver: (name: ShardName, successor: string) => Promise<void>
  /** Another member that should have the shard, if there is one. */
  readonly successor: (name: ShardName) => string | undefined
  /** The shard was given back for that member to take; resolves when it has, or has not in time. */
  readonly onHandedOver: (name: ShardName, successor: string) => Promise<void>
  /** A shard that was open is not this node's any more, for whatever reason. */
  readonly onGone: (name: ShardName, shard: Shard) => void
  /** It could not be claimed or opened, or was lost; its lease is given back. */
  readonly onFailed: (keeper: ShardKeeper, reason: Error) => void
}

/** What became of a try to take a shard; `busy` if it was not the time for one. */
export type Taken = 'open' | 'taken' | 'busy' | { readonly failed: Error }

type State =
  | { readonly kind: 'absent' | 'claiming' | 'releasing' }
  | { readonly kind: 'opening'; readonly lease: ShardLease }
  | { readonly kind: 'open' | 'leaving'; readonly lease: ShardLease; readonly shard: Shard; readonly since: number }

const absent: State = { kind: 'absent' }

/**
 * This node's side of one shard: takes it, keeps its lease, hands it on, and loses it. Never has two epochs of it under way.
 *
 *     absent -> claiming -> opening -> open -> leaving -> releasing -> absent
 *
 * A shard that is lost is absent from one moment to the next.
 */
export class ShardKeeper {
  readonly name: ShardName
  readonly setbacks: Setbacks
  private readonly parts: KeeperParts
  private state: State = absent
  private taking: Promise<Taken> | undefined
  private leaving: Promise<void> | undefined
  /** Somebody said that the shard is free after the claim under way was sent. */
  private isHinted = false
  private isEnding = false

  constructor(parts: KeeperParts, name: ShardName) {
    this.parts = parts
    this.name = name
    this.setbacks = new Setbacks(parts.world, parts.limits)
  }

  /** The shard, while this node has it open. */
  get shard(): Shard | undefined {
    return 'shard' in this.state ? this.state.shard : undefined
  }

  /** Claims and opens the shard if this node has nothing to do with it yet. Never rejects. */
  take(): Promise<Taken> {
    const { state, taking, setbacks, isEnding } = this
    if (state.kind !== 'absent' || taking !== undefined || setbacks.isPausing || isEnding) return Promise.resolve('busy')
    this.taking = this.claimAndOpen().finally(() => {
      this.taking = undefined
    })
    return this.taking
  }

  /** Resolves when a try that is under way has ended. */
  async settled(): Promise<void> {
    await this.taking
  }

  /** The shard is free, it is said: the next try need not wait, and one that is under way was perhaps too early. */
  hint(): void {
    this.setbacks.endPause()
    this.isHinted = true
  }

  /** To be called often: ends the shard if its lease has run out, and renews the lease otherwise. */
  keep(): void {
    const { state } = this
    if (!('lease' in state)) return
    if (!state.lease.isOver) state.lease.renew(() => this.end(state.lease, 'LEASE_LOST'))
    else this.end(state.lease, 'LEASE_OVER')
  }

  /** Hands the shard to the member that should have it, if there still is one when its turn comes. Never rejects. */
  handOver(): Promise<void> {
    if (this.state.kind !== 'open') return this.leaving ?? Promise.resolve()
    this.leaving ??= this.parts.handingOver
      .run(() => this.passOn())
      .finally(() => {
        this.leaving = undefined
      })
    return this.leaving
  }

  /** Takes the shard no more; hands over what it has, or gives it back if there is nobody. Never rejects. */
  async close(): Promise<void> {
    this.isEnding = true
    await this.taking
    if (this.leaving !== undefined || this.parts.successor(this.name) !== undefined) await this.handOver()
    if (this.state.kind === 'open') await this.giveBack(this.state.shard, undefined)
  }

  private async claimAndOpen(): Promise<Taken> {
    let lease: ShardLease | undefined
    try {
      lease = await this.claim()
      if (lease === undefined) {
        this.state = absent
        return 'taken'
      }
      await this.open(lease)
      return 'open'
    } catch (error) {
      this.state = absent
      const reason = error instanceof Error ? error : new Error(String(error))
      await this.failed(reason, lease)
      return { failed: reason }
    }
  }

  private async claim(): Promise<ShardLease | undefined> {
    this.state = { kind: 'claiming' }
    do {
      this.isHinted = false
      const lease = await ShardLease.claim(this.parts, this.name)
      this.setbacks.storeWorks()
      if (lease !== undefined) return lease
    } while (this.isHinted && !this.isEnding)
    return undefined
  }

  private async open(lease: ShardLease): Promise<void> {
    const { opening, world, counters } = this.parts
    this.state = { kind: 'opening', lease }
    const losses: Error[] = []
    const tenure: Tenure = {
      name: this.name,
      epoch: lease.epoch,
      mayAct: () => !lease.isOver,
      onLost: (reason) => {
        losses.push(reason)
        this.lost(lease, reason)
      },
    }
    const shard = await opening.run(() => {
      // The wait for a turn may have been long.
      if (lease.isOver) throw new EpochLost(this.name, 'LEASE_OVER')
      return this.parts.open(tenure)
    })
    const [loss] = losses
    if (loss !== undefined) {
      this.parts.onGone(this.name, shard)
      throw loss
    }
    this.state = { kind: 'open', lease, shard, since: world.clock.monotonic() }
    counters.opened++
    world.log.debug({ shard: this.name, epoch: lease.epoch }, 'a shard was opened')
  }

  private async passOn(): Promise<void> {
    const { state, parts, name } = this
    const planned = parts.successor(name)
    if (state.kind !== 'open' || planned === undefined) return
    await this.prepare(planned)
    // That may have taken long.
    const successor = parts.successor(name)
    if (successor !== undefined) await this.giveBack(state.shard, successor)
  }

  private async prepare(successor: string): Promise<void> {
    const { prepareHandOver, world, limits } = this.parts
    try {
      const isDone = await within(world.timers, limits.prepareMsMax, prepareHandOver(this.name, successor))
      if (!isDone) world.log.warn({ shard: this.name }, 'a shard is handed over before its snapshot was made')
    } catch (error) {
      world.log.warn({ shard: this.name, error: String(error) }, 'a shard is handed over without a snapshot')
    }
  }

  private async giveBack(shard: Shard, successor: string | undefined): Promise<void> {
    const { counters, onHandedOver, onGone, world } = this.parts
    const { state } = this
    // Lost, perhaps opened anew, while its snapshot was made.
    if (state.kind !== 'open' || state.shard !== shard) return
    const leaving: State = { ...state, kind: 'leaving' }
    this.state = leaving
    const inBatch = shard.isTurning
    await shard.close()
    // Lost on the way, and dealt with.
    if (this.state !== leaving) return
    this.state = { kind: 'releasing' }
    onGone(this.name, shard)
    await leaving.lease.release()
    this.state = absent
    if (successor === undefined) return
    counters.handedOver++
    if (inBatch) counters.handedOverInBatch++
    world.log.info({ shard: this.name, ...shard.position, to: successor, inBatch }, 'a shard was handed over')
    // So many shards at a time mean as many that are away, and not all that their next owner has yet to open.
    await onHandedOver(this.name, successor)
  }

  /** One that is being opened finds out by itself. */
  private end(lease: ShardLease, code: 'LEASE_LOST' | 'LEASE_OVER'): void {
    const { state } = this
    if ('shard' in state && state.lease === lease) state.shard.lose(new EpochLost(this.name, code))
  }

  private lost(lease: ShardLease, reason: Error): void {
    const { state, parts } = this
    // While it opens, whoever opens it is told.
    if (!('shard' in state) || state.lease !== lease) return
    this.state = absent
    parts.onGone(this.name, state.shard)
    if (parts.world.clock.monotonic() - state.since >= parts.limits.steadyMs) this.setbacks.shardWorks()
    this.failed(reason, lease).catch((error: unknown) =>
      parts.world.log.error({ shard: this.name, error: String(error) }, 'a loss was not dealt with'),
    )
  }

  private async failed(reason: Error, lease: ShardLease | undefined): Promise<void> {
    this.count(reason, lease)
    await lease?.release()
    this.parts.onFailed(this, reason)
  }

  private count(reason: Error, lease: ShardLease | undefined): void {
    const { counters, world } = this.parts
    const fields = { shard: this.name, epoch: lease?.epoch, reason: reason.message }
    if (!(reason instanceof EpochLost)) {
      counters.failures++
      this.setbacks.add(reason instanceof StoreFault ? 'faults' : 'failures')
      world.log.error({ ...fields, stack: reason.stack }, 'a shard failed')
      return
    }
    world.log.warn(fields, 'a shard was lost')
    if (reason.code === 'LEASE_LOST') counters.leasesLost++
    else if (reason.code === 'LEASE_OVER') counters.leasesOver++
    else {
      counters.fencedOnce(this.name)
      this.setbacks.add('failures')
    }
  }
}
