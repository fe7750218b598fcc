import type { Member, Members } from './members.ts'
import { membersKey } from './redis-keys.ts'
import { RedisLink } from './redis-link.ts'
import { fieldsReply } from './redis-replies.ts'
import { redisScript, runScript } from './redis-scripts.ts'
import { checkServerState } from './redis-server-checks.ts'
import { redisLimits } from './redis-store.ts'
import { parseRedisUrl } from './redis-url.ts'
import type { RedisConnection, RedisLimits, RedisTls } from './redis.ts'
import type { World } from './world.ts'

/** One hash: a member's name, and until when it is there by Redis's clock with its state, for example `1700000000000 up`. */
const beatScript = redisScript(`
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
redis.call('HSET', KEYS[1], ARGV[1], string.format('%.0f', now + tonumber(ARGV[2])) .. ' ' .. ARGV[3])
local all = redis.call('HGETALL', KEYS[1])
local live = {}
for i = 1, #all, 2 do
  local ends, state = string.match(all[i + 1], '^(%d+) (%a+)$')
  if tonumber(ends) > now then
    live[#live + 1] = all[i]
    live[#live + 1] = state
  else
    redis.call('HDEL', KEYS[1], all[i])
  end
end
return live
`)

export interface RedisMembersOptions {
  readonly url: string
  readonly tls?: RedisTls
  readonly world: World
  readonly limits?: Partial<RedisLimits>
  readonly signal?: AbortSignal
}

/** Waits for a Redis that is away; rejects with a `StoreFault` of one line if it cannot be used as it is. */
export async function openRedisMembers(options: RedisMembersOptions): Promise<Members & { close(): Promise<void> }> {
  const { url, tls, world, limits, signal } = options
  const link = {
    address: parseRedisUrl(url),
    ...(tls === undefined ? {} : { tls }),
    name: 'sluice-members',
    world,
    limits: { ...redisLimits, ...limits },
    check: async (connection: RedisConnection) => {
      await checkServerState(connection)
    },
  }
  return new RedisMembers(await RedisLink.open(link, signal))
}

/** Membership is a hint: it needs no durability, and what a failover loses of it is back with the next beat. */
class RedisMembers implements Members {
  readonly #link: RedisLink

  constructor(link: RedisLink) {
    this.#link = link
  }

  async beat(member: Member, ttlMs: number): Promise<readonly Member[]> {
    const reply = await runScript(this.#link, beatScript, [membersKey], [member.name, ttlMs, member.state])
    const members = [...fieldsReply(reply)].map(([name, state]): Member => ({ name, state: state === 'draining' ? 'draining' : 'up' }))
    return members.sort((a, b) => (a.name < b.name ? -1 : 1))
  }

  async leave(name: string): Promise<void> {
    await this.#link.send(['HDEL', membersKey, name])
  }

  close(): Promise<void> {
    return this.#link.close()
  }
}
