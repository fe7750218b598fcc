import { checkFormat } from './redis-format.ts'
import { clusterKey } from './redis-keys.ts'
import { RedisLink } from './redis-link.ts'
import { listReply, textReply } from './redis-replies.ts'
import { checkServer, type RedisDurability } from './redis-server-checks.ts'
import { redisLimits } from './redis-store.ts'
import { parseRedisUrl } from './redis-url.ts'
import type { RedisConnection, RedisTls } from './redis.ts'
import type { ShardCounts } from './store.ts'
import type { World } from './world.ts'

export interface RedisAgreementOptions {
  readonly url: string
  readonly tls?: RedisTls
  readonly durability: RedisDurability
  readonly shards: ShardCounts
  readonly world: World
  readonly signal?: AbortSignal
}

/**
 * What all processes of a cluster have to have alike: the number of shards, which decides where a call goes, and `proposed`, of which the first process
 * that says a name decides the value. Resolves with the values that stand. Waits for a Redis that is away; rejects with a `StoreFault` of one line if it
 * cannot be used, or is parted into other shards.
 */
export async function agreeOverRedis<Name extends string>(
  options: RedisAgreementOptions,
  proposed: ReadonlyMap<Name, string>,
): Promise<ReadonlyMap<Name, string>> {
  const { url, tls, durability, shards, world, signal } = options
  const check = async (connection: RedisConnection): Promise<void> => {
    await checkServer(connection, durability)
    await checkFormat(connection, shards)
  }
  const parts = {
    address: parseRedisUrl(url),
    ...(tls === undefined ? {} : { tls }),
    name: 'sluice-agreement',
    world,
    limits: redisLimits,
    check,
  }
  const link = await RedisLink.open(parts, signal)
  try {
    for (const [name, value] of proposed) await link.send(['HSETNX', clusterKey, name, value])
    const names = [...proposed.keys()]
    const standing = names.length === 0 ? [] : listReply(await link.send(['HMGET', clusterKey, ...names]))
    return new Map(names.map((name, index) => [name, textReply(standing[index])]))
  } finally {
    await link.close()
  }
}
