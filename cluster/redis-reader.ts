import { unusableFault } from './redis-faults.ts'
import { readFormat } from './redis-format.ts'
import { RedisJournalReader } from './redis-journal-reader.ts'
import { RedisLink } from './redis-link.ts'
import { RedisRecords } from './redis-records.ts'
import { checkServerState } from './redis-server-checks.ts'
import { redisLimits } from './redis-store.ts'
import { parseRedisUrl } from './redis-url.ts'
import type { RedisConnection, RedisTls } from './redis.ts'
import {
  type ArchiveRecord,
  type JournalRecord,
  type Position,
  type ShardCounts,
  type ShardName,
  shardsOf,
  type Snapshot,
} from './store.ts'
import type { World } from './world.ts'

export interface RedisReaderOptions {
  readonly url: string
  readonly tls?: RedisTls
  readonly world: World
  readonly signal?: AbortSignal
}

/**
 * What nodes keep in a Redis, read beside them by a tool or by a thread that makes snapshots; writes nothing. Rejects with a `StoreFault` with one line
 * for the user if there is nothing to read.
 */
export async function openRedisReader({ url, tls, world, signal }: RedisReaderOptions): Promise<RedisReader> {
  let counts: ShardCounts | undefined
  const check = async (connection: RedisConnection): Promise<void> => {
    await checkServerState(connection)
    counts = await readFormat(connection)
    if (counts === undefined) throw unusableFault(connection.where, 'no node has kept anything in it yet')
  }
  const options = {
    address: parseRedisUrl(url),
    ...(tls === undefined ? {} : { tls }),
    name: 'sluice-reader',
    world,
    limits: redisLimits,
    check,
  }
  const link = await RedisLink.open(options, signal)
  return new RedisReader(link, counts ?? { inv: 0, ses: 0 })
}

export class RedisReader {
  readonly shards: readonly ShardName[]
  readonly #link: RedisLink
  readonly #reader: RedisJournalReader
  readonly #records: RedisRecords

  constructor(link: RedisLink, counts: ShardCounts) {
    this.shards = shardsOf(counts)
    this.#link = link
    this.#reader = new RedisJournalReader(link)
    this.#records = new RedisRecords(link, link)
  }

  readTail(shard: ShardName, after: Position): AsyncIterable<JournalRecord> {
    return this.#reader.tail(shard, after)
  }

  readSnapshot(shard: ShardName): Promise<Snapshot | undefined> {
    return this.#reader.snapshot(shard)
  }

  readArchive(shard: ShardName): AsyncIterable<ArchiveRecord> {
    return this.#reader.archive(shard)
  }

  getRecord(shard: ShardName, key: string): Promise<Uint8Array | undefined> {
    return this.#records.get(shard, key)
  }

  close(): Promise<void> {
    return this.#link.close()
  }
}
