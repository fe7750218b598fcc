import type { Lease, ShardName, Store } from '../../cluster/store.ts'
import type { World } from '../../cluster/world.ts'
import type { OwnershipLimits } from './ownership-limits.ts'

export interface LeaseParts {
  readonly store: Pick<Store, 'claim' | 'renew' | 'release'>
  readonly world: World
  readonly node: string
  readonly limits: Pick<OwnershipLimits, 'leaseMs' | 'marginMs'>
  /** See `ShardHostParts.endsWithLease`. */
  readonly endsWithLease: boolean
}

/**
 * The right to a shard under one epoch. How long it can be counted on is told by this process's own monotonic clock: from before it was asked
 * for, since nobody knows when in between the store began to count, and a margin less. So a process that slept finds its lease over before it
 * has asked anybody.
 */
export class ShardLease {
  readonly epoch: number
  private readonly parts: LeaseParts
  private readonly name: ShardName
  private endsAt: number
  private isRenewing = false
  private isReleased = false
  private isLost = false

  private constructor(parts: LeaseParts, name: ShardName, lease: Lease, askedAt: number) {
    this.parts = parts
    this.name = name
    this.epoch = lease.epoch
    this.endsAt = this.endOf(lease, askedAt)
  }

  /** A new epoch of the shard; undefined if another has it. Rejects if the store fails. */
  static async claim(parts: LeaseParts, name: ShardName): Promise<ShardLease | undefined> {
    const askedAt = parts.world.clock.monotonic()
    const lease = await parts.store.claim(name, parts.node)
    return lease === 'taken' ? undefined : new ShardLease(parts, name, lease, askedAt)
  }

  get isOver(): boolean {
    return this.isLost || (this.parts.endsWithLease && this.parts.world.clock.monotonic() >= this.endsAt)
  }

  /** Asks the store for more time, unless that is being done or need not be. */
  renew(onLost: () => void): void {
    if (this.endsAt === Infinity || this.isRenewing || this.isReleased) return
    this.isRenewing = true
    const { store, world } = this.parts
    const askedAt = world.clock.monotonic()
    store
      .renew(this.name, this.epoch)
      .then(
        (lease) => {
          if (lease !== 'lost') this.endsAt = this.endOf(lease, askedAt)
          else if (!this.isReleased && this.parts.endsWithLease) {
            this.isLost = true
            onLost()
          }
        },
        (error: unknown) =>
          world.log.warn({ shard: this.name, error: String(error) }, 'a lease could not be renewed; it goes on until it runs out'),
      )
      .finally(() => {
        this.isRenewing = false
      })
  }

  /** Never rejects: a lease that cannot be given back runs out. */
  async release(): Promise<void> {
    this.isReleased = true
    const { store, world } = this.parts
    try {
      await store.release(this.name, this.epoch)
    } catch (error) {
      world.log.warn({ shard: this.name, error: String(error) }, 'a lease could not be given back; others wait until it runs out')
    }
  }

  private endOf(lease: Lease, askedAt: number): number {
    const { leaseMs, marginMs } = this.parts.limits
    return lease.until === Infinity ? Infinity : askedAt + leaseMs - marginMs
  }
}
