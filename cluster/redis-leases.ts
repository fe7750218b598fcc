import { type ShardKeys, shardKeys } from './redis-keys.ts'
import { listReply, numberReply } from './redis-replies.ts'
import { redisScript, type RedisSender, runScript } from './redis-scripts.ts'
import type { Lease, ShardName } from './store.ts'
import type { Random } from './world.ts'

/**
 * Who owns a shard, and until when, by Redis's clock. A lease only keeps others from taking the shard too early; what an owner may write is decided by
 * the epoch, which stands until the next one is given out.
 *
 * An epoch is the second in which it was given out times 2^20, and a random part: an epoch that a failover has lost is not given out again by the
 * server that takes over, though it has never heard of it.
 */
const randomSteps = 2 ** 20

const claimScript = redisScript(`
local owner = redis.call('GET', KEYS[2])
if owner and owner ~= ARGV[1] then return false end
local time = redis.call('TIME')
local kept = redis.call('HMGET', KEYS[1], 'last', 'head')
local last = tonumber(kept[1] or 0)
local head = tonumber(string.match(kept[2] or '', '^%d+') or 0)
local epoch = math.max(tonumber(time[1]) * ${randomSteps} + tonumber(ARGV[3]), last + 1, head + 1)
local text = string.format('%.0f', epoch)
redis.call('HSET', KEYS[1], 'epoch', text, 'last', text, 'owner', ARGV[1])
redis.call('SET', KEYS[2], ARGV[1], 'PX', ARGV[2])
return {text, string.format('%.0f', tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000) + tonumber(ARGV[2]))}
`)

const renewScript = redisScript(`
local kept = redis.call('HMGET', KEYS[1], 'epoch', 'owner')
if kept[1] ~= ARGV[1] then return false end
-- A Redis without memory lets a key live on, though it takes no new one.
if redis.call('PEXPIRE', KEYS[2], ARGV[2]) == 0 then redis.call('SET', KEYS[2], kept[2], 'PX', ARGV[2]) end
local time = redis.call('TIME')
return {ARGV[1], string.format('%.0f', tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000) + tonumber(ARGV[2]))}
`)

const releaseScript = redisScript(`
if redis.call('HGET', KEYS[1], 'epoch') ~= ARGV[1] then return 0 end
redis.call('HDEL', KEYS[1], 'epoch')
redis.call('DEL', KEYS[2])
return 1
`)

export const leaseScripts = [claimScript, renewScript, releaseScript] as const

export class RedisLeases {
  readonly #sender: RedisSender
  readonly #leaseMs: number
  readonly #random: Random

  constructor(sender: RedisSender, leaseMs: number, random: Random) {
    this.#sender = sender
    this.#leaseMs = leaseMs
    this.#random = random
  }

  async claim(shard: ShardName, owner: string): Promise<Lease | 'taken'> {
    const random = Math.floor(this.#random.next() * randomSteps)
    return leaseIn(await runScript(this.#sender, claimScript, leaseKeys(shardKeys(shard)), [owner, this.#leaseMs, random])) ?? 'taken'
  }

  async renew(shard: ShardName, epoch: number): Promise<Lease | 'lost'> {
    return leaseIn(await runScript(this.#sender, renewScript, leaseKeys(shardKeys(shard)), [epoch, this.#leaseMs])) ?? 'lost'
  }

  async release(shard: ShardName, epoch: number): Promise<void> {
    await runScript(this.#sender, releaseScript, leaseKeys(shardKeys(shard)), [epoch])
  }
}

function leaseKeys({ state, lease }: ShardKeys): readonly string[] {
  return [state, lease]
}

function leaseIn(reply: unknown): Lease | undefined {
  if (reply === null) return undefined
  const [epoch, until] = listReply(reply).map(numberReply)
  if (epoch === undefined || until === undefined) throw new Error('a lease without its end')
  return { epoch, until }
}
