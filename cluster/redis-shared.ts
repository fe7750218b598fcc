import { RedisBucket } from './redis-bucket.ts'
import { RedisLink } from './redis-link.ts'
import { RedisRecord } from './redis-record.ts'
import { checkServerState } from './redis-server-checks.ts'
import { redisLimits } from './redis-store.ts'
import { RedisTable } from './redis-table.ts'
import { parseRedisUrl } from './redis-url.ts'
import type { RedisConnection, RedisLimits, RedisTls } from './redis.ts'
import type { BucketRate, SharedBucket } from './shared-bucket.ts'
import type { SharedRecord } from './shared-record.ts'
import { type SharedTable, type TableLimits, tableLimits } from './shared-table.ts'
import type { World } from './world.ts'

export interface RedisSharedOptions {
  readonly url: string
  readonly tls?: RedisTls
  readonly world: World
  readonly limits?: Partial<RedisLimits>
  readonly signal?: AbortSignal
}

/** What gateways have in common. */
export interface RedisShared {
  bucket(rate: BucketRate): SharedBucket
  record(name: string): SharedRecord
  table(name: string, limits?: TableLimits): SharedTable
  close(): Promise<void>
}

/** One connection of its own. Waits for a Redis that is away; rejects with a `StoreFault` of one line if it cannot be used as it is. */
export async function openRedisShared(options: RedisSharedOptions): Promise<RedisShared> {
  const { url, tls, world, limits, signal } = options
  const parts = {
    address: parseRedisUrl(url),
    ...(tls === undefined ? {} : { tls }),
    name: 'sluice-shared',
    world,
    limits: { ...redisLimits, ...limits },
    check: async (connection: RedisConnection) => {
      await checkServerState(connection)
    },
  }
  const link = await RedisLink.open(parts, signal)
  return {
    bucket: (rate) => new RedisBucket(link, rate),
    record: (name) => new RedisRecord(link, name),
    table: (name, rows = tableLimits) => new RedisTable(link, name, rows),
    close: () => link.close(),
  }
}
