import type { Bus } from '../cluster/bus.ts'
import type { Members } from '../cluster/members.ts'
import type { MetricSink, MetricSource } from '../cluster/metrics.ts'
import type { Queue } from '../cluster/queue.ts'
import { partsOfName, shardName, type ShardName, type Snapshot, type Store } from '../cluster/store.ts'
import type { World } from '../cluster/world.ts'
import type { OwnedShard } from '../protocol/node-report.ts'
import type { SkuSettings } from '../protocol/sku-settings.ts'
import { publicSubject, replySubject, shardSubject } from '../protocol/subject.ts'
import { Compaction, type CompactionLimits } from './compaction/compaction.ts'
import type { Follower } from './compaction/follower.ts'
import type { SeedBox } from './draw/seed-box.ts'
import { type AbsenceCounters, AbsenceWatch } from './inventory/absence-watch.ts'
import type { EndedOrder } from './inventory/ended-order.ts'
import { InventoryActor } from './inventory/inventory-actor.ts'
import { collectInventory } from './inventory/inventory-metrics.ts'
import { Outbox, OutboxCounters } from './inventory/outbox.ts'
import { ReservationReports } from './inventory/reservation-reports.ts'
import type { OwnershipLimits } from './ownership/ownership-limits.ts'
import type { Tenure } from './ownership/shard-keeper.ts'
import { orderTargets } from './payment/order-targets.ts'
import type { ShardCalls } from './payment/shard-calls.ts'
import { ReservationRepeats } from './session/reservation-repeats.ts'
import { SessionActor, type SessionLimits } from './session/session-actor.ts'
import { snapshotSessions } from './session/session-snapshot.ts'
import { WriteBehind } from './session/write-behind.ts'
import { ShardHost } from './shard-host.ts'
import { Shard, type ShardLimits } from './shard.ts'
import { StandBys } from './stand-bys.ts'
import { WorkTurns } from './work-turns.ts'

export interface ActorsRoleParts {
  readonly node: string
  readonly store: Store
  readonly members: Members
  readonly bus: Bus
  readonly queue: Pick<Queue, 'put'>
  /** To the back office, if there is one. */
  readonly office?: Pick<Queue<EndedOrder>, 'put'> | undefined
  /** How shards talk to each other's. */
  readonly calls: ShardCalls
  readonly world: World
  /** Opens the seeds of draws. */
  readonly seeds: SeedBox
  /** Makes snapshots of inventory shards, beside their owner. */
  readonly follower: Follower
  /** How many shards of each kind there are in all. */
  readonly shards: number
  readonly limits: {
    readonly shard: ShardLimits
    readonly sessions: SessionLimits
    readonly ownership: OwnershipLimits
    readonly compaction: Pick<CompactionLimits, 'snapshotEveryBytes'> & Partial<CompactionLimits>
  }
  /** See {@link ShardHostParts}. */
  readonly isAlone: boolean
  readonly endsWithLease?: boolean
  /** This node cannot do its work. */
  readonly onUnable: (reason: Error) => void
}

const noSeed =
  'the draw key of this node does not open the seed of a draw, which waits for a node that has the key its sale was created with'

/** The role `actors` of a process: the shards that it owns, each with its actor, and their snapshots. */
export class ActorsRole implements MetricSource {
  readonly host: ShardHost
  private readonly parts: ActorsRoleParts
  private readonly compaction: Compaction
  private readonly standBys: StandBys
  private readonly absence: AbsenceCounters = { ended: 0 }
  private readonly outboxes = new OutboxCounters()
  /** Of the inventory shards that are open here. */
  private readonly inventories = new Map<ShardName, InventoryActor>()
  /** Of recoveries. */
  private readonly turns: WorkTurns

  constructor(parts: ActorsRoleParts) {
    this.parts = parts
    const { store, members, bus, world, node, shards, limits, isAlone, endsWithLease = true, onUnable } = parts
    this.compaction = new Compaction({ store, world, limits: limits.compaction })
    this.turns = new WorkTurns(world)
    this.standBys = new StandBys(store, world, this.turns.take)
    const numbers = Array.from({ length: shards }, (_, shard) => shard)
    const names = [...numbers.map((shard) => shardName('inv', shard)), ...numbers.map((shard) => shardName('ses', shard))]
    this.host = new ShardHost({
      ...{ store, members, bus, world, node, names, isAlone, endsWithLease, onUnable },
      limits: limits.ownership,
      open: (tenure) => (partsOfName(tenure.name).kind === 'inv' ? this.openInventory(tenure) : this.openSessions(tenure)),
      prepareHandOver: (name) => this.compaction.prepareHandOver(name),
      readAhead: async (name) => (partsOfName(name).kind === 'inv' ? this.standBys.prepare(name) : undefined),
      onGone: (name) => {
        this.inventories.delete(name)
        this.compaction.forget(name)
      },
    })
  }

  start(): Promise<void> {
    return this.host.start()
  }

  /** What this process owns. */
  owned(): readonly OwnedShard[] {
    return Array.from(this.host.entries(), ([name, shard]) => ({ name, ...shard.position, lagBytes: this.compaction.lagOf(name) }))
  }

  /** Lets go of every shard, which may need snapshots; then begins no more. */
  async close(): Promise<void> {
    await this.host.close()
    this.standBys.close()
    await this.compaction.close()
  }

  collect(sink: MetricSink): void {
    this.host.collect(sink)
    this.compaction.collect(sink)
    for (const { name, lagBytes } of this.owned())
      sink.gauge('sluice_shard_journal_lag_bytes', 'Journal that the next owner of a shard would have to read', lagBytes, { shard: name })
    const skus = Array.from(this.inventories.values(), (actor) => actor.skus).flat()
    collectInventory(sink, skus, this.parts.world.clock.now())
    this.outboxes.collect(sink)
    sink.counter('sluice_tickets_absent_total', 'Places in line that ended because their user was away for too long', this.absence.ended)
  }

  /** Where there is one process, the gateways of its former runs are gone. */
  private readonly isOver = (gateway: string): boolean => this.parts.isAlone && gateway !== replySubject(this.parts.node)

  private async openInventory(tenure: Tenure): Promise<Shard> {
    const { name, epoch, mayAct, onLost } = tenure
    const { store, bus, world, limits, queue, office, calls, follower } = this.parts
    const { shard: number } = partsOfName(name)
    const { actor = new InventoryActor(number), ahead } = this.standBys.take(name) ?? {}
    const targets = orderTargets({ queue, office, calls, log: world.log })
    actor.useOutbox((state) => new Outbox(state, targets, epoch, this.outboxes))
    actor.useReports((state) => new ReservationReports(state, calls, world.log))
    actor.useAbsence((state) => new AbsenceWatch(state, calls, world.log, this.absence))
    actor.useSeeds((sealed, settings) => this.openSeed(sealed, settings))
    const subjects = { subject: shardSubject('inv', number), publicSubject: publicSubject(number) }
    const takeTurns = this.turns.take
    const parts = { name, ...subjects, actor, ahead, takeTurns, store, bus, world, limits: limits.shard, mayAct, onLost }
    const shard = await Shard.open(parts, epoch)
    this.inventories.set(name, actor)
    return this.watched(name, shard, actor, () => follower.follow(name))
  }

  private openSeed(sealed: Uint8Array, { sale, sku }: SkuSettings): Uint8Array | undefined {
    const { seeds, world } = this.parts
    const seed = seeds.open(sealed, { sale, sku })
    if (seed === undefined) world.log.error({ sale, sku }, noSeed)
    return seed
  }

  private async openSessions(tenure: Tenure): Promise<Shard> {
    const { name, epoch, mayAct, onLost } = tenure
    const { store, bus, world, limits, calls } = this.parts
    const actor = new SessionActor(limits.sessions, this.isOver)
    actor.useRecords((state) => new WriteBehind(state, { records: store, shard: name, epoch, limits: limits.sessions, log: world.log }))
    actor.useRepeats((open) => new ReservationRepeats(open, calls, limits.sessions.askEveryMs, world.log))
    const subject = shardSubject('ses', partsOfName(name).shard)
    const shard = await Shard.open({ name, subject, actor, store, bus, world, limits: limits.shard, mayAct, onLost }, epoch)
    return this.watched(name, shard, actor, () => snapshotSessions(shard, actor))
  }

  private watched(name: ShardName, shard: Shard, actor: InventoryActor | SessionActor, takeSnapshot: () => Promise<Snapshot>): Shard {
    this.compaction.watch({ name, journalBytes: () => shard.journalBytes, takeSnapshot, namesToStrike: () => actor.names.toStrike() })
    return shard
  }
}
