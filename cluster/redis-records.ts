import { shardKeys } from './redis-keys.ts'
import { numberReply, optionalBytesReply } from './redis-replies.ts'
import { redisScript, type RedisSender, runScript } from './redis-scripts.ts'
import { type ShardName, StoreFault } from './store.ts'

/**
 * Single records by key, which Redis lets go by itself when their time is over. A write that was asked for on a connection that is gone may still be
 * on its way and come after a later one: writes of a shard are numbered, and one that comes too late is not done.
 */
const keyBytesMax = 512

/** 1 done, 0 fenced, -1 too late. */
const putScript = redisScript(`
local kept = redis.call('HMGET', KEYS[1], 'epoch', 'open', 'records')
if kept[1] ~= ARGV[1] or kept[2] ~= ARGV[1] then return 0 end
if tonumber(kept[3]) >= tonumber(ARGV[2]) then return -1 end
redis.call('HSET', KEYS[1], 'records', ARGV[2])
if ARGV[3] == '' then redis.call('DEL', KEYS[2]) else redis.call('SET', KEYS[2], ARGV[4], 'PX', ARGV[3]) end
return 1
`)

export const recordScripts = [putScript] as const

export class RedisRecords {
  readonly #reads: RedisSender
  readonly #writes: RedisSender
  #writeNumber = 0

  constructor(reads: RedisSender, writes: RedisSender) {
    this.#reads = reads
    this.#writes = writes
  }

  async get(shard: ShardName, key: string): Promise<Uint8Array | undefined> {
    return optionalBytesReply(await this.#reads.send(['GET', recordKey(shard, key)]))
  }

  async put(shard: ShardName, epoch: number, key: string, bytes: Uint8Array, ttlMs: number): Promise<'stored' | 'fenced'> {
    return (await this.#write(shard, epoch, key, [Math.max(1, Math.ceil(ttlMs)), bytes])) ? 'stored' : 'fenced'
  }

  async delete(shard: ShardName, epoch: number, key: string): Promise<'deleted' | 'fenced'> {
    return (await this.#write(shard, epoch, key, [''])) ? 'deleted' : 'fenced'
  }

  async #write(shard: ShardName, epoch: number, key: string, what: readonly (string | number | Uint8Array)[]): Promise<boolean> {
    const keys = [shardKeys(shard).state, recordKey(shard, key)]
    const outcome = numberReply(await runScript(this.#writes, putScript, keys, [epoch, ++this.#writeNumber, ...what]))
    if (outcome === -1) throw new StoreFault('STORE_FAILED', 'a cold record was overtaken by a later one on its way to Redis')
    return outcome === 1
  }
}

function recordKey(shard: ShardName, key: string): string {
  const length = Buffer.byteLength(key)
  if (length === 0 || length > keyBytesMax) throw new Error(`a record key has 1 to ${keyBytesMax} bytes`)
  return `${shardKeys(shard).recordPrefix}${key}`
}
