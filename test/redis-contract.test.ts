import { afterAll, beforeAll, describe } from 'vitest'
import { storeContract } from '../cluster/store-contract.ts'
import { RedisBench } from './redis-bench.ts'
import { RedisServer } from './servers/redis-server.ts'

describe('A Redis that syncs always', () => {
  let server: RedisServer
  beforeAll(async () => {
    server = await RedisServer.start()
  })
  afterAll(() => server.remove())
  storeContract('Redis with fsync', () => RedisBench.fresh(server))
})

describe('A Redis with a replica', () => {
  let server: RedisServer
  let replica: RedisServer
  beforeAll(async () => {
    server = await RedisServer.start({ appendFsync: 'everysec' })
    replica = await RedisServer.start({ appendFsync: 'everysec', replicaOf: server })
  })
  afterAll(async () => {
    await replica.remove()
    await server.remove()
  })
  storeContract('Redis with replicas', () => RedisBench.fresh(server, { durability: { replicas: 1 } }))
})
