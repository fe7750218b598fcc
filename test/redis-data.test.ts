import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { idOf, shardKeys } from '../cluster/redis-keys.ts'
import { openRedisReader } from '../cluster/redis-reader.ts'
import { RedisRecords } from '../cluster/redis-records.ts'
import type { RedisSender } from '../cluster/redis-scripts.ts'
import { redisLimits } from '../cluster/redis-store.ts'
import { parseRedisUrl } from '../cluster/redis-url.ts'
import { type RedisCommand, RedisConnection } from '../cluster/redis.ts'
import { all, appended, bytesOf, claimed, opened, shard, textOf, textsOf } from '../cluster/store-bench.ts'
import { chunkBytesMax, journalStart, type Store, StoreFault } from '../cluster/store.ts'
import { faultOf, RedisBench } from './redis-bench.ts'
import { RedisServer } from './servers/redis-server.ts'
import { until } from './servers/until.ts'

/** How what is kept lies in Redis, where the contract of Store does not say it. */
let server: RedisServer
let bench: RedisBench
let store: Store

beforeAll(async () => {
  server = await RedisServer.start()
})
afterAll(() => server.remove())
beforeEach(async () => {
  bench = await RedisBench.fresh(server)
  store = await bench.open()
})
afterEach(() => bench.close())

const keys = shardKeys(shard)
const dayMs = 86_400_000

async function keysOf(prefix: string): Promise<readonly string[]> {
  const found = await server.ask('KEYS', `${prefix}*`)
  return Array.isArray(found) ? found.map(String).toSorted() : []
}

async function archived(): Promise<string> {
  return textsOf(await all(store.readArchive(shard))).join(' ')
}

test('RED-17 an epoch carries the second of the clock of Redis, and a part by chance', async () => {
  const second = async (): Promise<number> => Number(String(await server.ask('TIME')).split(',')[0])
  const before = await second()
  const epochs: number[] = []
  for (let claims = 0; claims < 20; claims++) {
    // What a failover does to epochs that no replica has heard of.
    await server.ask('DEL', keys.state, keys.lease)
    epochs.push(await claimed(store))
  }
  const after = await second()
  expect(new Set(epochs).size).toBe(epochs.length)
  expect(Math.floor(Math.min(...epochs) / 2 ** 20)).toBeGreaterThanOrEqual(before)
  expect(Math.floor(Math.max(...epochs) / 2 ** 20)).toBeLessThanOrEqual(after)
  expect(new Set(epochs.map((epoch) => epoch % 2 ** 20)).size).toBeGreaterThan(1)
})

test.each(['last', 'head'])(
  'RED-17 an epoch is larger than every one before, though the clock of Redis has gone back: %s',
  async (field) => {
    const ahead = 2 ** 52
    await server.ask('HSET', keys.state, field, field === 'head' ? idOf({ epoch: ahead, seq: 7 }) : ahead)
    expect(await claimed(store)).toBe(ahead + 1)
    await store.release(shard, ahead + 1)
    expect(await claimed(store, 'b')).toBe(ahead + 2)
  },
)

test('RED-18 trimmed records leave memory but for the last, and the archive lets them go when their time is over', async () => {
  const epoch = await opened(store)
  await appended(store, epoch, ['one', 'two', 'three', 'four'])
  await store.writeSnapshot(shard, { position: { epoch, seq: 2 }, now: 1, chunks: [] })
  expect(await server.ask('XLEN', keys.log)).toBe(3)
  await server.pass(10 * dayMs)
  await store.writeSnapshot(shard, { position: { epoch, seq: 4 }, now: 1, chunks: [] })
  expect(await server.ask('XLEN', keys.log)).toBe(1)
  expect(await archived()).toBe(' one two three four')
  await server.pass(20 * dayMs)
  expect(await archived()).toBe('two three four')
  await server.pass(10 * dayMs)
  expect(await archived()).toBe('four')
  expect(await server.ask('LLEN', keys.archive)).toBe(2)
  expect(await store.append(shard, { epoch, seq: 5 }, bytesOf('five'))).toBe('stored')
  await store.writeSnapshot(shard, { position: { epoch, seq: 5 }, now: 1, chunks: [] })
  expect(await server.ask('LLEN', keys.archive)).toBe(1)
  expect(await archived()).toBe('four five')
})

test('RED-18 an archive of no days keeps nothing that is trimmed', async () => {
  const other = await bench.open({ archiveDays: 0 })
  const epoch = await opened(other)
  await appended(other, epoch, ['one', 'two', 'three'])
  await other.writeSnapshot(shard, { position: { epoch, seq: 2 }, now: 1, chunks: [] })
  expect(await archived()).toBe('two three')
  expect(await keysOf(keys.archivePrefix)).toEqual([])
})

test('RED-18 a long archive is read whole, though records are trimmed while it is read', async () => {
  const epoch = await opened(store)
  const seqs = Array.from({ length: 1000 }, (_, index) => index + 1)
  await Promise.all(seqs.map((seq) => store.append(shard, { epoch, seq }, Buffer.alloc(2000, `${seq} `))))
  await store.writeSnapshot(shard, { position: { epoch, seq: 300 }, now: 1, chunks: [] })
  expect((await keysOf(keys.archivePrefix)).length).toBeGreaterThan(1)
  const read: number[] = []
  for await (const { position } of store.readArchive(shard)) {
    read.push(position.seq)
    if (position.seq === 200) await store.writeSnapshot(shard, { position: { epoch, seq: 600 }, now: 1, chunks: [] })
    if (position.seq === 310) await store.writeSnapshot(shard, { position: { epoch, seq: 999 }, now: 1, chunks: [] })
  }
  expect(read).toEqual([0, ...seqs])
})

test('RED-19 a snapshot that was not finished goes by itself, and so does its archive', async () => {
  const epoch = await opened(store)
  await appended(store, epoch, ['one', 'two'])
  await store.writeSnapshot(shard, { position: { epoch, seq: 1 }, now: 1, chunks: [bytesOf('first')] })
  const before = await keysOf('{')
  const chunks = Array.from({ length: 200 }, () => new Uint8Array(chunkBytesMax / 16))
  const writing = faultOf(store.writeSnapshot(shard, { position: { epoch, seq: 2 }, now: 2, chunks }))
  await until(async () => (await keysOf(keys.snapshotPrefix)).length > 20)
  await store.close()
  expect(await writing).toMatchObject({ code: 'STORE_CLOSED' })
  await server.pass(3_600_000)
  expect(await keysOf('{')).toEqual(before.filter((key) => key !== keys.lease))
  const next = await bench.open()
  expect((await next.readSnapshot(shard))?.chunks.map(textOf)).toEqual(['first'])
  expect(await next.writeSnapshot(shard, { position: { epoch, seq: 2 }, now: 2, chunks: [bytesOf('a'), bytesOf('b')] })).toBe('stored')
  expect(await keysOf(keys.snapshotPrefix)).toHaveLength(2)
  expect((await next.readSnapshot(shard))?.chunks.map(textOf)).toEqual(['a', 'b'])
})

test('RED-19 of two snapshots that are written at once by two nodes the newer stays, with its archive', async () => {
  const epoch = await opened(store)
  await appended(store, epoch, ['one', 'two', 'three', 'four'])
  const other = await bench.open()
  const outcomes = await Promise.all([
    store.writeSnapshot(shard, { position: { epoch, seq: 2 }, now: 2, chunks: [bytesOf('2')] }),
    other.writeSnapshot(shard, { position: { epoch, seq: 3 }, now: 3, chunks: [bytesOf('3')] }),
  ])
  expect(outcomes[1]).toBe('stored')
  expect((await store.readSnapshot(shard))?.chunks.map(textOf)).toEqual(['3'])
  expect(await archived()).toBe(' one two three four')
})

test('RED-20 a snapshot of a record that the journal does not have is refused', async () => {
  const old = await opened(store)
  await appended(store, old, ['one'])
  const epoch = await opened(store)
  await appended(store, epoch, ['two'])
  const lost = { position: { epoch: old, seq: 2 }, now: 1, chunks: [bytesOf('state')] }
  await expect(store.writeSnapshot(shard, lost)).rejects.toMatchObject({ code: 'STORE_FAILED' })
  expect(await store.readSnapshot(shard)).toBeUndefined()
  expect(await archived()).toBe(' one  two')
})

test('RED-21 a cold record that comes after a later one changes nothing', async () => {
  const epoch = await opened(store)
  const connection = new RedisConnection({ address: parseRedisUrl(server.url), name: 'test', world: bench.world, limits: redisLimits })
  await connection.connect()
  const held: RedisCommand[] = []
  let holds = false
  const line: RedisSender = {
    send: (command) => {
      if (!holds) return connection.send(command)
      held.push(command)
      return Promise.reject(new StoreFault('STORE_FAILED', 'the connection was cut'))
    },
  }
  const records = new RedisRecords(connection, line)
  expect(await records.put(shard, epoch, 'u', bytesOf('first'), 60_000)).toBe('stored')
  holds = true
  await expect(records.put(shard, epoch, 'u', bytesOf('late'), 60_000)).rejects.toMatchObject({ code: 'STORE_FAILED' })
  holds = false
  expect(await records.delete(shard, epoch, 'u')).toBe('deleted')
  for (const command of held) expect(await connection.send(command)).toBe(-1)
  expect(await store.getRecord(shard, 'u')).toBeUndefined()
  connection.end(new StoreFault('STORE_CLOSED', 'over'))
})

test('RED-22 a reader sees what nodes keep, and is told how many shards there are', async () => {
  const epoch = await opened(store)
  await appended(store, epoch, ['one', 'two'])
  await store.writeSnapshot(shard, { position: { epoch, seq: 1 }, now: 5, chunks: [bytesOf('state')] })
  await store.putRecord(shard, epoch, 'u', bytesOf('user'), 60_000)
  const reader = await openRedisReader({ url: server.url, world: bench.world })
  try {
    expect(reader.shards).toEqual(['inv.0', 'inv.1', 'ses.0', 'ses.1'])
    expect(await reader.readSnapshot(shard)).toMatchObject({ position: { epoch, seq: 1 }, now: 5 })
    expect(textsOf(await all(reader.readTail(shard, { epoch, seq: 1 })))).toEqual(['two'])
    expect(textsOf(await all(reader.readArchive(shard)))).toEqual(['', 'one', 'two'])
    expect(textOf(await reader.getRecord(shard, 'u'))).toBe('user')
    await expect(all(reader.readTail(shard, journalStart))).rejects.toMatchObject({ code: 'STORE_GAP' })
  } finally {
    await reader.close()
  }
})

test('RED-23 shards that do not exist are a bug of the caller', async () => {
  await expect(store.claim('inv.2', 'a')).rejects.toThrow('there is no shard inv.2')
  await expect(store.append('ses.7', { epoch: 1, seq: 1 }, bytesOf('x'))).rejects.toThrow('there is no shard ses.7')
})
