import { admissionHoldersKey, admissionKey } from './redis-keys.ts'
import { listReply, numberReply } from './redis-replies.ts'
import { redisScript, type RedisSender, runScript } from './redis-scripts.ts'
import { type BucketRate, demandMs, holderMs, type Portion, type PortionWish, type SharedBucket } from './shared-bucket.ts'

/**
 * Two hashes: the tokens, in millionths, with the time of Redis's clock up to which they have come, in microseconds; and by holder when it asked last, with
 * what it wanted. Numbers stay below 2^53, which Lua's have too.
 *
 * ARGV: holder, wanted, returned, owed, rate per second, burst. A Redis that has lost the hashes begins with an empty bucket.
 */
const takeScript = redisScript(`
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000000 + tonumber(time[2])
local wanted = tonumber(ARGV[2])
local burst = tonumber(ARGV[6]) * 1000000
local kept = redis.call('HMGET', KEYS[1], 'tokens', 'at')
local passed = math.max(0, now - tonumber(kept[2] or now))
local tokens = math.min(burst, tonumber(kept[1] or 0) + passed * tonumber(ARGV[5]))
tokens = math.min(burst, tokens + tonumber(ARGV[3]) * 1000000)
tokens = math.max(0, tokens - tonumber(ARGV[4]) * 1000000)
local holders = 1
local all = wanted
local known = redis.call('HGETALL', KEYS[2])
for i = 1, #known, 2 do
  if known[i] ~= ARGV[1] then
    local at, asked = string.match(known[i + 1], '^(%d+) (%d+)$')
    local age = now - tonumber(at)
    if age > ${holderMs * 1000} then
      redis.call('HDEL', KEYS[2], known[i])
    else
      holders = holders + 1
      if age <= ${demandMs * 1000} then all = all + tonumber(asked) end
    end
  end
end
local there = math.floor(tokens / 1000000)
local granted = wanted
if all > there then granted = math.min(wanted, math.ceil(there * wanted / all)) end
redis.call('HSET', KEYS[1], 'tokens', string.format('%.0f', tokens - granted * 1000000), 'at', string.format('%.0f', now))
redis.call('HSET', KEYS[2], ARGV[1], string.format('%.0f %.0f', now, wanted))
return {granted, holders}
`)

const leaveScript = redisScript(`
redis.call('HDEL', KEYS[2], ARGV[1])
local tokens = redis.call('HGET', KEYS[1], 'tokens')
if not tokens then return 0 end
tokens = math.min(tonumber(ARGV[3]) * 1000000, tonumber(tokens) + tonumber(ARGV[2]) * 1000000)
redis.call('HSET', KEYS[1], 'tokens', string.format('%.0f', tokens))
return 1
`)

const keys = [admissionKey, admissionHoldersKey]

/** The bucket of a cluster. Its time is Redis's, so gateways need not agree about theirs. */
export class RedisBucket implements SharedBucket {
  readonly #sender: RedisSender
  readonly #rate: BucketRate

  constructor(sender: RedisSender, rate: BucketRate) {
    this.#sender = sender
    this.#rate = rate
  }

  async take({ holder, wanted, returned, owed }: PortionWish): Promise<Portion> {
    const { ratePerSecond, burst } = this.#rate
    const reply = await runScript(this.#sender, takeScript, keys, [holder, wanted, returned, owed, ratePerSecond, burst])
    const [granted, holders] = listReply(reply).map(numberReply)
    if (granted === undefined || holders === undefined) throw new Error('a portion without its size')
    return { granted, holders }
  }

  async leave(holder: string, returned: number): Promise<void> {
    await runScript(this.#sender, leaveScript, keys, [holder, returned, this.#rate.burst])
  }
}
