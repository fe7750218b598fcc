import { ActorsRole, type ActorsRoleParts } from '../../actors/actors-role.ts'
import { SeedBox } from '../../actors/draw/seed-box.ts'
import { ownershipLimits } from '../../actors/ownership/ownership-limits.ts'
import { sessionLimits } from '../../actors/session/session-actor.ts'
import type { RoleParts } from './role-parts.ts'

const batchEntriesMax = 16_384
const storeRetryMs = 200
/**
 * In a cluster callers are further away than a record takes to store, so none comes back in time; and to wait is to turn the event loop, which takes the
 * processor from NATS, Redis or a gateway where they share a machine.
 */
const lingerShareInCluster = 0

export type ActorsOptions = Pick<ActorsRoleParts, 'onUnable' | 'endsWithLease'>

/** The role `actors`: resolves when this process has the shards that it should have. */
export async function startActors(parts: RoleParts, options: ActorsOptions): Promise<ActorsRole> {
  const { config, world, node, ports, calls, metrics, closers } = parts
  const { mailboxBytesMax, tickMs, snapshotEveryBytes } = config
  const office = config.hasOffice ? await ports.officeQueue() : undefined
  const actors = new ActorsRole({
    ...(await ports.actorPorts()),
    ...{ node, bus: ports.bus, queue: await ports.queue(), office, calls, world, isAlone: ports.isAlone, ...options },
    seeds: new SeedBox((await ports.secrets()).drawKey),
    shards: config.shards,
    limits: {
      shard: { mailboxBytesMax, batchEntriesMax, tickMs, storeRetryMs, ...(ports.isAlone ? {} : { lingerShare: lingerShareInCluster }) },
      sessions: sessionLimits,
      ownership: ownershipLimits(config.leaseMs),
      compaction: { snapshotEveryBytes },
    },
  })
  closers.add(() => actors.close())
  await actors.start()
  metrics.add(actors)
  return actors
}
