import { unusableFault } from './redis-faults.ts'
import { readFormat } from './redis-format.ts'
import { admissionHoldersKey, admissionKey, membersKey, shardKeys } from './redis-keys.ts'
import { RedisLink } from './redis-link.ts'
import { fieldsReply, numberReply } from './redis-replies.ts'
import { redisScript, runScript } from './redis-scripts.ts'
import { checkServerState } from './redis-server-checks.ts'
import { redisLimits } from './redis-store.ts'
import { parseRedisUrl } from './redis-url.ts'
import type { RedisConnection, RedisTls } from './redis.ts'
import { type ShardCounts, shardsOf } from './store.ts'
import type { World } from './world.ts'

/** Epochs are seconds times this, and a part by chance (redis-leases.ts). */
const epochsPerSecond = 2 ** 20

/** Until when a member is there, by Redis's clock, if it still is; as `1700000000000 up`. */
const aliveScript = redisScript(`
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
local all = redis.call('HGETALL', KEYS[1])
local live = {}
for i = 1, #all, 2 do
  local ends = tonumber(string.match(all[i + 1], '^(%d+)'))
  if ends > now then
    live[#live + 1] = all[i]
    live[#live + 1] = string.format('%.0f', ends - now)
  end
end
return live
`)

/** The last epoch given out rises; nobody owns the shard. Returns the last epoch. */
const raiseScript = redisScript(`
local last = math.max(tonumber(redis.call('HGET', KEYS[1], 'last') or 0), tonumber(ARGV[1]))
local text = string.format('%.0f', last)
redis.call('HSET', KEYS[1], 'last', text)
redis.call('HDEL', KEYS[1], 'epoch', 'owner')
redis.call('DEL', KEYS[2])
return text
`)

export interface RestoredRedis {
  readonly where: string
  readonly shards: ShardCounts
}

/**
 * Makes a Redis ready that was started on a copy of another one's data: no epoch will be one that was ever given out up to `now`, by a server whose clock was not ahead of
 * that, and nobody owns a shard or a portion of the rate any more. Rejects with a `StoreFault` while nodes are there, whom this would take their shards.
 */
export async function readyRestoredRedis(options: {
  readonly url: string
  readonly tls?: RedisTls
  readonly world: World
}): Promise<RestoredRedis> {
  const { url, tls, world } = options
  let shards: ShardCounts | undefined
  const check = async (connection: RedisConnection): Promise<void> => {
    await checkServerState(connection)
    shards = await readFormat(connection)
    if (shards === undefined) throw unusableFault(connection.where, 'no node has kept anything in it')
  }
  const address = parseRedisUrl(url)
  const link = await RedisLink.open({
    address,
    ...(tls === undefined ? {} : { tls }),
    name: 'sluice-restore',
    world,
    limits: redisLimits,
    check,
  })
  try {
    await checkNobodyIsThere(link)
    const counts = shards ?? { inv: 0, ses: 0 }
    const least = (Math.floor(world.clock.now() / 1000) + 1) * epochsPerSecond
    for (const shard of shardsOf(counts)) {
      const { state, lease } = shardKeys(shard)
      numberReply(await runScript(link, raiseScript, [state, lease], [least]))
    }
    await link.send(['DEL', membersKey, admissionKey, admissionHoldersKey])
    return { where: link.where, shards: counts }
  } finally {
    await link.close()
  }
}

async function checkNobodyIsThere(link: RedisLink): Promise<void> {
  const live = [...fieldsReply(await runScript(link, aliveScript, [membersKey], []))]
  if (live.length === 0) return
  const names = live.map(([name]) => name).join(', ')
  const waitMs = Math.max(...live.map(([, ms]) => Number(ms)))
  throw unusableFault(
    link.where,
    `nodes work on it (${names}): stop them first; if this is a copy and they work elsewhere, try again in ${Math.ceil(waitMs / 1000)} s`,
  )
}
