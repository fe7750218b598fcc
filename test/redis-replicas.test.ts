import { afterEach, beforeEach, expect, test } from 'vitest'
import { markKey, shardKeys } from '../cluster/redis-keys.ts'
import { all, bytesOf, claimed, mustOpen, opened, otherShard, shard, textsOf } from '../cluster/store-bench.ts'
import { journalStart, type Store } from '../cluster/store.ts'
import { faultOf, persist, RedisBench } from './redis-bench.ts'
import { RedisServer } from './servers/redis-server.ts'
import { until } from './servers/until.ts'

let primary: RedisServer
let replica: RedisServer
let bench: RedisBench
let store: Store

beforeEach(async () => {
  primary = await RedisServer.start({ appendFsync: 'everysec' })
  replica = await RedisServer.start({ appendFsync: 'everysec', replicaOf: primary })
  bench = await RedisBench.fresh(primary, { durability: { replicas: 1 }, replicasMs: 200 })
  store = await bench.open()
})

afterEach(async () => {
  await bench.close()
  await replica.remove()
  await primary.remove()
})

const { log } = shardKeys(shard)
const short = { code: 'STORE_SHORT', message: '0 of 1 replicas of Redis have confirmed within 200 ms' }

/** The promoted replica's own view of {@link shard}. */
async function textsAfterFailover(): Promise<string[]> {
  await primary.kill()
  await replica.promote()
  const other = await bench.open({ url: replica.url, durability: 'everysec' })
  return textsOf(await all(other.readTail(shard, journalStart)))
}

test.each(['is stopped where it is', 'has ended'])('RED-14 nothing is acknowledged that the replica does not have: it %s', async (how) => {
  const epoch = await opened(store)
  const append = (seq: number): Promise<string> => store.append(shard, { epoch, seq }, bytesOf(`${seq}`))
  expect(await append(1)).toBe('stored')
  if (how === 'has ended') await replica.stop()
  else replica.pause()
  await expect(append(2)).rejects.toMatchObject(short)
  await expect(append(2)).rejects.toMatchObject(short)
  await expect(store.confirm(shard, { epoch, seq: 2 })).rejects.toMatchObject(short)
  if (how === 'has ended') await replica.start()
  else replica.resume()
  expect(await persist(() => append(2))).toBe('stored')
  expect(await persist(() => append(3))).toBe('stored')
  expect(await textsAfterFailover()).toEqual(['1', '2', '3'])
})

test('RED-14 nothing is acknowledged that the replica does not have: a record that is repeated on a new connection', async () => {
  const epoch = await opened(store)
  const append = (): Promise<string> => store.append(shard, { epoch, seq: 1 }, bytesOf('one'))
  replica.pause()
  await expect(append()).rejects.toMatchObject(short)
  expect(await primary.ask('XLEN', log)).toBe(2)
  await primary.ask('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes')
  const outcomes = new Set<string>()
  await until(async () => {
    outcomes.add(await append().catch((error: unknown) => (error instanceof Error ? error.message : '')))
    return outcomes.has(short.message)
  })
  expect(outcomes).not.toContain('stored')
  replica.resume()
  expect(await persist(append)).toBe('stored')
  expect(await textsAfterFailover()).toEqual(['one'])
})

test('RED-14 nothing is acknowledged that the replica does not have: a primary that refuses to write alone', async () => {
  const epoch = await opened(store)
  await replica.stop()
  await primary.ask('CONFIG', 'SET', 'min-replicas-to-write', '1')
  const fault = await faultOf(store.append(shard, { epoch, seq: 1 }, bytesOf('one')))
  expect(fault.code).toBe('STORE_SHORT')
  expect(fault.message).toMatch(/has fewer replicas than it may write with$/)
  expect(await primary.ask('XLEN', log)).toBe(1)
  await replica.start()
  expect(await persist(() => store.append(shard, { epoch, seq: 1 }, bytesOf('one')))).toBe('stored')
})

test('RED-14 nothing is acknowledged that the replica does not have: what writes nothing asks the replica all the same', async () => {
  const epoch = await opened(store)
  // Newer servers count only what a connection has written, so there has to be something.
  await primary.ask('DEL', markKey)
  expect(await store.confirm(shard, { epoch, seq: 0 })).toBe('stands')
  expect(await primary.ask('EXISTS', markKey)).toBe(1)
})

test('RED-15 one WAIT speaks for everything that is asked in one turn, by all shards', async () => {
  const [first, second] = [await opened(store), await opened(store, 'a', otherShard)]
  const waits = async (): Promise<number> => Number(/calls=(\d+)/.exec((await primary.info()).get('cmdstat_wait') ?? '')?.[1])
  const before = await waits()
  const outcomes = await Promise.all([
    store.append(shard, { epoch: first, seq: 1 }, bytesOf('one')),
    store.append(otherShard, { epoch: second, seq: 1 }, bytesOf('one')),
    store.append(shard, { epoch: first, seq: 2 }, bytesOf('two')),
    store.confirm(otherShard, { epoch: second, seq: 1 }),
    store.putRecord(otherShard, second, 'u', bytesOf('x'), 1000),
  ])
  expect(outcomes).toEqual(['stored', 'stored', 'stored', 'stands', 'stored'])
  expect((await waits()) - before).toBe(1)
})

test('RED-15 while a replica is away, what waits for it goes out as one batch', async () => {
  const epoch = await opened(store)
  replica.pause()
  const waits = async (): Promise<number> => Number(/calls=(\d+)/.exec((await primary.info()).get('cmdstat_wait') ?? '')?.[1])
  const before = await waits()
  const confirms: Promise<unknown>[] = []
  for (let turn = 0; turn < 50; turn++) {
    confirms.push(store.confirm(shard, { epoch, seq: 0 }).catch((error: unknown) => error))
    await new Promise((resolve) => setImmediate(resolve))
  }
  for (const outcome of await Promise.all(confirms)) expect(outcome).toMatchObject(short)
  expect((await waits()) - before).toBeLessThanOrEqual(3)
})

test('RED-16 Sentinels lead to the primary, and to the next one when it is gone', async () => {
  const settings = {
    'sentinel monitor': `shop 127.0.0.1 ${primary.port} 1`,
    'sentinel down-after-milliseconds': 'shop 300',
    'sentinel failover-timeout': 'shop 3000',
  }
  const sentinel = await RedisServer.start({ isSentinel: true, settings })
  try {
    await until(async () => /slaves=1/.test((await sentinel.info()).get('master0') ?? ''))
    const url = `redis+sentinel://127.0.0.1:1,127.0.0.1:${sentinel.port}/shop`
    const found = await bench.open({ url })
    const epoch = await opened(found)
    expect(await found.append(shard, { epoch, seq: 1 }, bytesOf('one'))).toBe('stored')
    await primary.kill()
    const append = (): Promise<string> => found.append(shard, { epoch, seq: 2 }, bytesOf('two'))
    // Whose replica is gone too; the record is there all the same.
    await until(async () => (await append().catch((error: unknown) => (error instanceof Error ? error.message : ''))) === short.message)
    const alone = await bench.open({ url, durability: 'everysec' })
    expect(textsOf(await all(alone.readTail(shard, journalStart)))).toEqual(['one', 'two'])
    expect(mustOpen(await alone.open(shard, await claimed(alone)))).toBeDefined()
  } finally {
    await sentinel.remove()
  }
})
