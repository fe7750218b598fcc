import { ActorsRole } from '../../../actors/actors-role.ts'
import { inlineFollower } from '../../../actors/compaction/follower.ts'
import { SeedBox } from '../../../actors/draw/seed-box.ts'
import { InventoryActor } from '../../../actors/inventory/inventory-actor.ts'
import { ownershipLimits } from '../../../actors/ownership/ownership-limits.ts'
import { Calls } from '../../../cluster/calls.ts'
import { partsOfName } from '../../../cluster/store.ts'
import type { Hubs } from '../hubs.ts'
import type { Shape } from '../shape.ts'
import type { SimProcess } from '../sim-process.ts'
import { drawKey } from './draw-key.ts'

/** A process with the role `actors`: the real one, over the hubs. */
export interface SimActors {
  readonly role: ActorsRole
  readonly calls: Calls
}

export function startActors(process: SimProcess, hubs: Hubs, shape: Shape, onUnable: (reason: Error) => void): SimActors {
  const { world, name } = process
  const bus = hubs.network.connect(process)
  const store = hubs.store.connect(process)
  const calls = new Calls({ bus, world, node: name, shards: shape.shards, limits: shape })
  const role = new ActorsRole({
    node: name,
    store,
    members: hubs.members.connect(process),
    bus,
    queue: hubs.queue.connect(process),
    calls,
    world,
    seeds: new SeedBox(drawKey),
    follower: inlineFollower(store, (shard) => new InventoryActor(partsOfName(shard).shard)),
    shards: shape.shards,
    limits: {
      shard: {
        mailboxBytesMax: shape.mailboxBytesMax,
        batchEntriesMax: shape.batchEntriesMax,
        tickMs: shape.tickMs,
        storeRetryMs,
      },
      sessions: { usersMax: shape.sessionUsersMax, writeAfterMs, askEveryMs },
      ownership: { ...ownershipLimits(shape.leaseMs), ...hasty },
      compaction: {
        snapshotEveryBytes: shape.snapshotEveryBytes,
        checkMs: compactionCheckMs,
        retryMs: compactionRetryMs,
        strikeAfterMs,
      },
    },
    isAlone: false,
    onUnable,
  })
  return { role, calls }
}

const storeRetryMs = 50
/** Pauses that a run of a minute has time for. */
const hasty = { retryFirstMs: 100, retryMostMs: 1_000, prepareMsMax: 2_000, closeMsMax: 4_000, opensMax: 2, handOversMax: 1 }
const writeAfterMs = 500
const askEveryMs = 3_000
const compactionCheckMs = 250
const compactionRetryMs = 2_000
const strikeAfterMs = 1_000
