import { afterAll, beforeAll, expect, test } from 'vitest'
import { membersContract } from '../cluster/members-contract.ts'
import { membersKey } from '../cluster/redis-keys.ts'
import { openRedisMembers } from '../cluster/redis-members.ts'
import { LoggedWorld } from './servers/logged-world.ts'
import { RedisServer } from './servers/redis-server.ts'

let server: RedisServer

beforeAll(async () => {
  server = await RedisServer.start()
})
afterAll(() => server.remove())

/** Takes `ARGV[1]` ms from every member's time. */
const passScript = `
local all = redis.call('HGETALL', KEYS[1])
for i = 1, #all, 2 do
  local ends, rest = string.match(all[i + 1], '^(%d+)(.*)$')
  redis.call('HSET', KEYS[1], all[i], string.format('%.0f', tonumber(ends) - ARGV[1]) .. rest)
end
`

membersContract('Redis', async () => {
  await server.ask('FLUSHALL')
  const connected: { close(): Promise<void> }[] = []
  return {
    connect: async () => {
      const members = await openRedisMembers({ url: server.url, world: new LoggedWorld() })
      connected.push(members)
      return members
    },
    pass: async (ms) => {
      await server.ask('EVAL', passScript, 1, membersKey, ms)
    },
    close: async () => {
      for (const members of connected) await members.close()
    },
  }
})

test('RED-25 members that are gone leave nothing in Redis', async () => {
  const members = await openRedisMembers({ url: server.url, world: new LoggedWorld() })
  await members.beat({ name: 'gone', state: 'up' }, 60_000)
  await members.beat({ name: 'here', state: 'up' }, 3_600_000)
  await server.ask('EVAL', passScript, 1, membersKey, 60_000)
  await members.beat({ name: 'here', state: 'up' }, 3_600_000)
  expect(await server.ask('HKEYS', membersKey)).toEqual(['here'])
  await members.leave('here')
  expect(await server.ask('EXISTS', membersKey)).toBe(0)
  await members.close()
})

test('RED-25 members that cannot reach Redis are told so', async () => {
  const members = await openRedisMembers({ url: server.url, world: new LoggedWorld() })
  await server.stop()
  await expect(members.beat({ name: 'a', state: 'up' }, 1000)).rejects.toMatchObject({ code: 'STORE_FAILED' })
  await server.start()
  await members.close()
  await expect(members.beat({ name: 'a', state: 'up' }, 1000)).rejects.toMatchObject({ code: 'STORE_CLOSED' })
})
