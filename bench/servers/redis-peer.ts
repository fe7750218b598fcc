import { createHash } from 'node:crypto'
import { type Durability, startBenchRedis } from './bench-redis.ts'
import { buyKeys, buyScript } from './buy-script.ts'
import type { Peer } from './peer.ts'

export interface RedisPeerOptions {
  readonly run: string
  readonly durability: Durability
  /** Lets it rewrite its AOF meanwhile. */
  readonly rewrites: boolean
}

/** Redis itself, asked by its own protocol: the work of one `buy` is a Lua script. */
export async function startRedis({ run, durability, rewrites }: RedisPeerOptions): Promise<Peer> {
  const redis = await startBenchRedis(durability, rewrites)
  const scriptHash = createHash('sha1').update(buyScript).digest('hex')
  return {
    name: 'redis',
    protocol: 'resp',
    target: { kind: 'sockets', host: '127.0.0.1', port: redis.port, wire: { protocol: 'redis', scriptHash, keys: buyKeys }, run },
    facts: { server: `Redis ${redis.version}`, durability: redis.durability },
    readCounters: () => Promise.resolve({ cpuSeconds: { redis: redis.cpuSeconds() } }),
    stop: () => redis.stop(),
  }
}
