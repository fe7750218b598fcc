import type { EndedOrder } from '../actors/inventory/ended-order.ts'
import { openLmdbStore } from '../cluster/lmdb-store.ts'
import { LocalBucket } from '../cluster/local-bucket.ts'
import { LocalBus } from '../cluster/local-bus.ts'
import { LocalMembers } from '../cluster/local-members.ts'
import { LocalQueue } from '../cluster/local-queue.ts'
import type { World } from '../cluster/world.ts'
import type { Closers } from './closers.ts'
import type { Config } from './config.ts'
import { FollowerThread } from './follower-thread.ts'
import type { Metrics } from './metrics.ts'
import type { NodePorts } from './node-ports.ts'
import { loadSecrets } from './secrets.ts'

/** The ports of one process that does everything: a bus and a queue in memory, and LMDB in the data folder. */
export async function openEmbeddedPorts(config: Config, world: World, metrics: Metrics, closers: Closers): Promise<NodePorts> {
  const { dataFolder, durability, archiveDays } = config
  if (typeof durability !== 'string') throw new Error('one process has no replicas')
  const shards = { inv: config.shards, ses: config.shards }
  const store = await openLmdbStore({ folder: dataFolder, durability, archiveDays, shards, world })
  closers.add(() => store.close())
  metrics.add(store)
  // Made only in a folder that is ours.
  const secrets = await loadSecrets(dataFolder, config, world.random)
  const bus = new LocalBus(world.log)
  closers.add(() => bus.close())
  const queue = new LocalQueue(world)
  closers.add(() => queue.close())
  const officeQueue = new LocalQueue<EndedOrder>(world)
  closers.add(() => officeQueue.close())
  const follower = new FollowerThread({ kind: 'folder', folder: dataFolder })
  closers.add(() => follower.close())
  const members = new LocalMembers(world.clock)
  return {
    bus,
    isAlone: true,
    secrets: () => Promise.resolve(secrets),
    queue: () => Promise.resolve(queue),
    officeQueue: () => Promise.resolve(officeQueue),
    endedStream: () => Promise.reject(new Error('one process has no JetStream')),
    actorPorts: () => Promise.resolve({ store, members, follower }),
    shared: () =>
      Promise.resolve({
        bucket: (rate) => new LocalBucket(rate, world.clock),
        record: (name) => store.record(name),
        table: (name, limits) => store.table(name, limits),
      }),
    facts: { dataFolder },
  }
}
