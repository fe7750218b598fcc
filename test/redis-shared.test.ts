import { afterAll, beforeAll } from 'vitest'
import { admissionHoldersKey, admissionKey } from '../cluster/redis-keys.ts'
import { openRedisShared, type RedisShared } from '../cluster/redis-shared.ts'
import { sharedBucketContract } from '../cluster/shared-bucket-contract.ts'
import { sharedRecordContract } from '../cluster/shared-record-contract.ts'
import { sharedTableContract } from '../cluster/shared-table-contract.ts'
import { LoggedWorld } from './servers/logged-world.ts'
import { RedisServer } from './servers/redis-server.ts'

let server: RedisServer

beforeAll(async () => {
  server = await RedisServer.start()
})
afterAll(() => server.remove())

/** Lets `ARGV[1]` microseconds pass for the bucket. */
const passScript = `
local at = redis.call('HGET', KEYS[1], 'at')
if at then redis.call('HSET', KEYS[1], 'at', string.format('%.0f', tonumber(at) - ARGV[1])) end
local known = redis.call('HGETALL', KEYS[2])
for i = 1, #known, 2 do
  local seen, wanted = string.match(known[i + 1], '^(%d+)(.*)$')
  redis.call('HSET', KEYS[2], known[i], string.format('%.0f', tonumber(seen) - ARGV[1]) .. wanted)
end
`

sharedBucketContract('Redis', async () => {
  await server.ask('FLUSHALL')
  const connections = new Connections()
  return {
    connect: async (rate) => (await connections.open()).bucket(rate),
    pass: async (ms) => {
      await server.ask('EVAL', passScript, 2, admissionKey, admissionHoldersKey, ms * 1000)
    },
    close: () => connections.close(),
  }
})

sharedRecordContract('Redis', async () => {
  await server.ask('FLUSHALL')
  const connections = new Connections()
  return {
    connect: async (name) => (await connections.open()).record(name),
    restart: async () => {
      await connections.close()
      await server.stop()
      await server.start()
    },
    close: () => connections.close(),
  }
})

sharedTableContract('Redis', async () => {
  await server.ask('FLUSHALL')
  const connections = new Connections()
  return {
    connect: async (limits) => (await connections.open()).table('things', limits),
    restart: async () => {
      await connections.close()
      await server.stop()
      await server.start()
    },
    close: () => connections.close(),
  }
})

class Connections {
  readonly #opened: RedisShared[] = []

  async open(): Promise<RedisShared> {
    const shared = await openRedisShared({ url: server.url, world: new LoggedWorld() })
    this.#opened.push(shared)
    return shared
  }

  async close(): Promise<void> {
    for (const shared of this.#opened.splice(0)) await shared.close()
  }
}
