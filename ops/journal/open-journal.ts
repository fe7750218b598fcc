import { checkIsWhole } from '../../cluster/data-file.ts'
import { openLmdbReader } from '../../cluster/lmdb-reader.ts'
import type { RedisTls } from '../../cluster/redis.ts'
import type { ArchiveRecord, ShardName, Snapshot } from '../../cluster/store.ts'
import type { Log } from '../../cluster/world.ts'
import { realClock, realWorld } from '../world.ts'

export interface OpenJournal {
  readonly shards: readonly ShardName[]
  readArchive(shard: ShardName): AsyncIterable<ArchiveRecord>
  readSnapshot(shard: ShardName): Promise<Snapshot | undefined>
  close(): Promise<void>
}

/** Opens the journal in a data folder for reading, beside a running node or without one. Throws a `StoreFault` if there is none. */
export function openJournal(folder: string): OpenJournal {
  checkIsWhole(folder)
  return openLmdbReader(folder, realClock)
}

/** Opens the journal of a cluster for reading. Waits for a Redis that is away; rejects with a `StoreFault` if it holds none. */
export async function openClusterJournal(redisUrl: string, tls: RedisTls | undefined, log: Log): Promise<OpenJournal> {
  // Its client takes a tenth of a second to load, which whoever reads a folder does not pay.
  const { openRedisReader } = await import('../../cluster/redis-reader.ts')
  return openRedisReader({ url: redisUrl, world: realWorld(log), ...(tls === undefined ? {} : { tls }) })
}
