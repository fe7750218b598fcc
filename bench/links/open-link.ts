import { InventoryActor } from '../../actors/inventory/inventory-actor.ts'
import { Shard } from '../../actors/shard.ts'
import type { Bus } from '../../cluster/bus.ts'
import { Calls } from '../../cluster/calls.ts'
import { openLmdbStore } from '../../cluster/lmdb-store.ts'
import { LocalBus } from '../../cluster/local-bus.ts'
import { NatsBus } from '../../cluster/nats-bus.ts'
import { openRedisStore } from '../../cluster/redis-store.ts'
import { shardName, type Store } from '../../cluster/store.ts'
import type { World } from '../../cluster/world.ts'
import { realWorld } from '../../ops/world.ts'
import { op } from '../../protocol/entry.ts'
import { packInner } from '../../protocol/inner-codec.ts'
import { replySubject, shardSubject } from '../../protocol/subject.ts'
import { BenchFault } from '../bench-fault.ts'
import type { Lane, LaneListener, OpenLanes } from '../load/lane.ts'
import type { PartPlan } from '../load/load-run.ts'
import { benchSettings } from '../micro/bench-sale.ts'
import { ForgetfulStore } from '../micro/forgetful-store.ts'
import { plentyOfStock } from '../servers/buy-script.ts'
import { benchSku } from '../servers/sluice-sale.ts'
import { serveAnswers } from './answering-shard.ts'
import { AppendLane } from './append-lane.ts'
import { FrameLane } from './frame-lane.ts'
import { type ActorTarget, type BusTarget, type LinkTarget, linkShard, type StoreTarget } from './link-target.ts'
import { slowedBus } from './slowed-bus.ts'
import { slowedStore } from './slowed-store.ts'

const shardLimits = { mailboxBytesMax: 64 * 1024 * 1024, batchEntriesMax: 16_384, tickMs: 100, storeRetryMs: 200 }
const callLimits = { pendingMax: 1_024, callDeadlineMs: 10_000 }
const flushMs = 5_000
const name = shardName('inv', linkShard)

/** The way into one link in this thread: one lane with room for all calls that the plan's connections would have under way. */
export function openLink(plan: PartPlan, target: LinkTarget, listener: LaneListener): Promise<OpenLanes> {
  switch (target.kind) {
    case 'bus':
      return openBus(plan, target, listener)
    case 'actor':
      return openActor(plan, target, listener)
    case 'store':
      return openStore(plan, target, listener)
  }
}

async function openBus(plan: PartPlan, { natsUrl, slowBus, run }: BusTarget, listener: LaneListener): Promise<OpenLanes> {
  const world = quietWorld()
  if (natsUrl !== undefined) {
    const bus = await NatsBus.connect({ servers: [natsUrl], name: 'bench', world })
    const lane = frameLane(plan, bus, world, run, listener)
    // The server has to know of it before the first answer is on its way.
    await bus.flushed(flushMs)
    return oneLane(plan, lane, () => bus.close())
  }
  const local = new LocalBus(world.log)
  const bus = slowBus === undefined ? local : slowedBus(local, slowBus, world.timers)
  serveAnswers(bus, shardSubject('inv', linkShard))
  return oneLane(plan, frameLane(plan, bus, world, run, listener), () => bus.close())
}

async function openActor(plan: PartPlan, { isAlone, run }: ActorTarget, listener: LaneListener): Promise<OpenLanes> {
  const world = quietWorld()
  const bus = new LocalBus(world.log)
  const limits = isAlone ? shardLimits : { ...shardLimits, lingerShare: 0 }
  const parts = { name, subject: shardSubject('inv', linkShard), actor: new InventoryActor(linkShard), store: new ForgetfulStore() }
  const onLost = (reason: Error): void => {
    throw reason
  }
  const shard = await Shard.open({ ...parts, bus, world, limits, onLost }, 1)
  await openSale(bus, world)
  return oneLane(plan, frameLane(plan, bus, world, run, listener), async () => {
    await shard.close()
    await bus.close()
  })
}

async function openSale(bus: Bus, world: World): Promise<void> {
  const calls = new Calls({ bus, world, node: 'bench-operator', shards: linkShard + 1, limits: callLimits })
  const configured = await calls.request('inv', linkShard, {
    op: op.configure,
    payload: packInner({ settings: benchSettings(plentyOfStock), incarnation: 'bench1' }),
  })
  const opened = await calls.request('inv', linkShard, { op: op.setPhase, sku: benchSku, payload: packInner({ phase: 'open' }) })
  calls.close()
  for (const { error } of [configured, opened]) if (error !== null) throw new BenchFault(`the sale of the bench: ${error.message}`)
}

async function openStore(plan: PartPlan, target: StoreTarget, listener: LaneListener): Promise<OpenLanes> {
  const world = quietWorld()
  const opened = await realStore(target, world)
  const store = target.slowStore === undefined ? opened : slowedStore(opened, target.slowStore, world.timers)
  const lease = await store.claim(name, 'bench')
  if (lease === 'taken') throw new BenchFault('the shard of the bench has another owner')
  const { epoch } = lease
  await store.open(name, epoch)
  const lane = new AppendLane({ store, shard: name, epoch, timers: world.timers, depth: depthOf(plan), listener })
  const renewing = world.timers.every(renewMs, () => {
    // A lease that could not be renewed is told by the next append.
    store.renew(name, epoch).catch(() => {})
  })
  return oneLane(plan, lane, async () => {
    renewing.cancel()
    await store.release(name, epoch)
    await store.close()
  })
}

function realStore({ where, durability }: StoreTarget, world: World): Promise<Store> {
  const shards = { inv: linkShard + 1, ses: 1 }
  const common = { durability, shards, archiveDays: 1, world }
  return where.kind === 'folder' ? openLmdbStore({ ...common, folder: where.folder }) : openRedisStore({ ...common, url: where.url })
}

const renewMs = 1_000

function frameLane(plan: PartPlan, bus: Bus, { timers, random }: World, run: string, listener: LaneListener): FrameLane {
  const replyTo = replySubject(random.id(10))
  return new FrameLane({ bus, timers, replyTo, run, connection: plan.firstConnection, depth: depthOf(plan), listener })
}

function oneLane(plan: PartPlan, lane: Lane, close: () => Promise<void>): OpenLanes {
  return { lanes: [lane], depth: depthOf(plan), close }
}

function depthOf({ connections, depth }: PartPlan): number {
  return connections * depth
}

function quietWorld(): World {
  const quiet = (): void => {}
  return realWorld({ debug: quiet, info: quiet, warn: quiet, error: quiet })
}
