import type { Bus } from '../cluster/bus.ts'
import type { MetricSink, MetricSource } from '../cluster/metrics.ts'
import type { Queue } from '../cluster/queue.ts'
import { partsOfName, shardName, type ShardName, type Snapshot, type Store } from '../cluster/store.ts'
import type { World } from '../cluster/world.ts'
import { publicSubject, shardSubject } from '../protocol/subject.ts'
import { Compaction, type CompactionLimits } from './compaction/compaction.ts'
import type { Follower } from './compaction/follower.ts'
import { InventoryActor } from './inventory/inventory-actor.ts'
import { Outbox } from './inventory/outbox.ts'
import { orderTargets } from './payment/order-targets.ts'
import type { ShardCalls } from './payment/shard-calls.ts'
import { SessionActor, type SessionLimits } from './session/session-actor.ts'
import { snapshotSessions } from './session/session-snapshot.ts'
import { WriteBehind } from './session/write-behind.ts'
import { ShardHost } from './shard-host.ts'
import { Shard, type ShardLimits } from './shard.ts'

export interface ActorsRoleParts {
  readonly node: string
  readonly store: Store
  readonly bus: Bus
  readonly queue: Pick<Queue, 'put'>
  /** How shards talk to each other's. */
  readonly calls: ShardCalls
  readonly world: World
  /** Makes snapshots of inventory shards, beside their owner. */
  readonly follower: Follower
  /** How many shards of each kind there are in all. */
  readonly shards: number
  readonly limits: {
    readonly shard: ShardLimits
    readonly sessions: SessionLimits
    readonly compaction: Pick<CompactionLimits, 'snapshotEveryBytes'> & Partial<CompactionLimits>
  }
  /** This node cannot do its work. */
  readonly onUnable: (reason: Error) => void
}

/** The role `actors` of a process: the shards that it owns, each with its actor, and their snapshots. */
export class ActorsRole implements MetricSource {
  readonly host: ShardHost
  private readonly parts: ActorsRoleParts
  private readonly compaction: Compaction

  constructor(parts: ActorsRoleParts) {
    this.parts = parts
    const { store, world, node, shards, limits, onUnable } = parts
    this.compaction = new Compaction({ store, world, limits: limits.compaction })
    const numbers = Array.from({ length: shards }, (_, shard) => shard)
    const names = [...numbers.map((shard) => shardName('inv', shard)), ...numbers.map((shard) => shardName('ses', shard))]
    this.host = new ShardHost({ store, world, node, names, open: (name, epoch, onLost) => this.open(name, epoch, onLost), onUnable })
  }

  start(): Promise<void> {
    return this.host.start()
  }

  /** Begins no more snapshots, then lets go of every shard. */
  async close(): Promise<void> {
    await this.compaction.close()
    await this.host.close()
  }

  collect(sink: MetricSink): void {
    this.host.collect(sink)
    this.compaction.collect(sink)
  }

  private open(name: ShardName, epoch: number, whenLost: (reason: Error) => void): Promise<Shard> {
    const onLost = (reason: Error): void => {
      this.compaction.forget(name)
      whenLost(reason)
    }
    return partsOfName(name).kind === 'inv' ? this.openInventory(name, epoch, onLost) : this.openSessions(name, epoch, onLost)
  }

  private async openInventory(name: ShardName, epoch: number, onLost: (reason: Error) => void): Promise<Shard> {
    const { store, bus, world, limits, queue, calls, follower } = this.parts
    const { shard: number } = partsOfName(name)
    const actor = new InventoryActor(number)
    const targets = orderTargets({ queue, calls, log: world.log })
    actor.useOutbox((state) => new Outbox(state, targets, epoch))
    const subjects = { subject: shardSubject('inv', number), publicSubject: publicSubject(number) }
    const shard = await Shard.open({ name, ...subjects, actor, store, bus, world, limits: limits.shard, onLost }, epoch)
    return this.watched(name, shard, () => follower.follow(name))
  }

  private async openSessions(name: ShardName, epoch: number, onLost: (reason: Error) => void): Promise<Shard> {
    const { store, bus, world, limits } = this.parts
    const actor = new SessionActor(limits.sessions)
    actor.useRecords((state) => new WriteBehind(state, { records: store, shard: name, epoch, limits: limits.sessions, log: world.log }))
    const subject = shardSubject('ses', partsOfName(name).shard)
    const shard = await Shard.open({ name, subject, actor, store, bus, world, limits: limits.shard, onLost }, epoch)
    return this.watched(name, shard, () => snapshotSessions(shard, actor))
  }

  private watched(name: ShardName, shard: Shard, takeSnapshot: () => Promise<Snapshot>): Shard {
    this.compaction.watch({ name, journalBytes: () => shard.journalBytes, takeSnapshot })
    return shard
  }
}
