import { createHash } from 'node:crypto'
import { RedisAnswers } from '../load/redis-answers.ts'
import type { RequestTemplate } from '../load/request-ring.ts'
import { requestMark, userMark, type Wire } from '../load/wire.ts'
import { BenchRedis, type Durability } from './bench-redis.ts'
import { buyKeys, buyScript } from './buy-script.ts'
import type { Peer } from './peer.ts'
import { redisRequest } from './redis-client.ts'

export interface RedisPeerOptions {
  readonly run: string
  readonly durability: Durability
  /** Lets it rewrite its AOF meanwhile. */
  readonly rewrites: boolean
}

/** Redis itself, asked by its own protocol: the work of one `buy` is a Lua script. */
export async function startRedis({ run, durability, rewrites }: RedisPeerOptions): Promise<Peer> {
  const redis = await BenchRedis.start(durability, rewrites)
  return {
    name: 'redis',
    protocol: 'resp',
    target: { host: '127.0.0.1', port: redis.port, wire: redisWire(run) },
    facts: { server: `Redis ${redis.version}`, durability: redis.durability },
    readCounters: () => Promise.resolve({ cpuSeconds: { redis: redis.cpuSeconds() } }),
    stop: () => redis.stop(),
  }
}

function redisWire(run: string): Wire {
  const sha = createHash('sha1').update(buyScript).digest('hex')
  return {
    greeting: undefined,
    template: (connection): RequestTemplate => {
      const words = ['EVALSHA', sha, String(buyKeys.length), ...buyKeys, userMark(run, connection), requestMark]
      return { bytes: Buffer.from(redisRequest(words)) }
    },
    answers: (slots) => new RedisAnswers(slots),
  }
}
