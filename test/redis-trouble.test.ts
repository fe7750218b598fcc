import { afterEach, expect, test } from 'vitest'
import { shardKeys } from '../cluster/redis-keys.ts'
import { all, bytesOf, claimed, mustOpen, opened, positionsOf, shard, textsOf } from '../cluster/store-bench.ts'
import {
  comparePositions,
  type JournalRecord,
  journalStart,
  type Position,
  type ShardName,
  type Store,
  StoreFault,
} from '../cluster/store.ts'
import { faultOf, persist, RedisBench } from './redis-bench.ts'
import { RedisServer } from './servers/redis-server.ts'
import { TcpProxy } from './servers/tcp-proxy.ts'
import { until } from './servers/until.ts'

const ends: (() => Promise<void>)[] = []

afterEach(async () => {
  for (const end of ends.splice(0).toReversed()) await end()
})

async function startRedis(): Promise<{ server: RedisServer; bench: RedisBench }> {
  const server = await RedisServer.start()
  const bench = await RedisBench.fresh(server)
  ends.push(
    () => server.remove(),
    () => bench.close(),
  )
  return { server, bench }
}

/** A store that reaches its Redis through a proxy. */
async function startBehindProxy(requestMs = 20_000): Promise<{ server: RedisServer; bench: RedisBench; proxy: TcpProxy; store: Store }> {
  const { server, bench } = await startRedis()
  const proxy = await TcpProxy.start(server.port)
  ends.push(() => proxy.close())
  const store = await bench.open({ url: `redis://127.0.0.1:${proxy.port}`, limits: { requestMs, connectMs: requestMs } })
  return { server, bench, proxy, store }
}

const { log } = shardKeys(shard)

test('RED-8 a connection that is cut leaves the outcome open, and the repeat tells: the record was stored', async () => {
  const { server, proxy, store } = await startBehindProxy()
  const epoch = await opened(store)
  proxy.state = 'silent'
  const append = faultOf(store.append(shard, { epoch, seq: 1 }, bytesOf('one')))
  await until(async () => (await server.ask('XLEN', log)) === 2)
  proxy.cut()
  expect(await append).toMatchObject({ code: 'STORE_FAILED' })
  proxy.state = 'open'
  expect(await persist(() => store.append(shard, { epoch, seq: 1 }, bytesOf('one')))).toBe('stored')
  expect(await server.ask('XLEN', log)).toBe(2)
})

test('RED-8 a connection that is cut leaves the outcome open, and the repeat tells: the record never came', async () => {
  const { server, proxy, store } = await startBehindProxy()
  const epoch = await opened(store)
  proxy.state = 'held'
  const append = faultOf(store.append(shard, { epoch, seq: 1 }, bytesOf('one')))
  expect(await server.ask('XLEN', log)).toBe(1)
  proxy.cut()
  expect(await append).toMatchObject({ code: 'STORE_FAILED' })
  proxy.state = 'open'
  expect(await persist(() => store.append(shard, { epoch, seq: 1 }, bytesOf('one')))).toBe('stored')
  expect(await server.ask('XLEN', log)).toBe(2)
})

test('RED-8 a connection that is cut leaves nothing without an outcome: whatever was under way', async () => {
  const { proxy, store } = await startBehindProxy()
  const epoch = await opened(store)
  proxy.state = 'held'
  const calls = [
    store.claim('inv.1', 'a'),
    store.renew(shard, epoch),
    store.release(shard, epoch),
    store.open(shard, epoch),
    store.append(shard, { epoch, seq: 1 }, bytesOf('one')),
    store.confirm(shard, { epoch, seq: 0 }),
    store.readSnapshot(shard),
    store.writeSnapshot(shard, { position: { epoch, seq: 1 }, now: 1, chunks: [] }),
    store.getRecord(shard, 'u'),
    store.putRecord(shard, epoch, 'u', bytesOf('x'), 1000),
    all(store.readTail(shard, journalStart)),
  ]
  const outcomes = Promise.all(calls.map(async (call) => (await faultOf(call)).code))
  // Sent with this turn of the event loop.
  await new Promise((resolve) => setImmediate(() => setImmediate(resolve)))
  proxy.cut()
  expect(await outcomes).toEqual(calls.map(() => 'STORE_FAILED'))
})

test('RED-9 a Redis that does not answer any more is given up, and the next connection tells', async () => {
  const { server, proxy, store } = await startBehindProxy(300)
  const epoch = await opened(store)
  const before = proxy.connections
  proxy.state = 'held'
  const fault = await faultOf(store.append(shard, { epoch, seq: 1 }, bytesOf('one')))
  expect(fault.code).toBe('STORE_FAILED')
  expect(fault.message).toMatch(/is away: no answer within 300 ms$/)
  proxy.state = 'open'
  expect(await persist(() => store.append(shard, { epoch, seq: 1 }, bytesOf('one')))).toBe('stored')
  expect(proxy.connections).toBeGreaterThan(before)
  expect(await server.ask('XLEN', log)).toBe(2)
})

test('RED-9 a Redis that does not answer any more is given up: what is asked meanwhile fails at once', async () => {
  const { proxy, store } = await startBehindProxy(300)
  const epoch = await opened(store)
  proxy.state = 'refusing'
  proxy.cut()
  const confirmed = (): Promise<unknown> => store.confirm(shard, { epoch, seq: 0 }).catch((error: unknown) => error)
  await until(async () => (await confirmed()) instanceof StoreFault)
  proxy.state = 'open'
  expect(await persist(() => store.confirm(shard, { epoch, seq: 0 }))).toBe('stands')
})

test('RED-10 scripts that Redis has forgotten are sent again', async () => {
  const { server, bench } = await startRedis()
  const store = await bench.open()
  const forget = (): Promise<unknown> => server.ask('SCRIPT', 'FLUSH')
  await forget()
  const epoch = await claimed(store)
  await forget()
  expect(await store.renew(shard, epoch)).toMatchObject({ epoch })
  mustOpen(await store.open(shard, epoch))
  await forget()
  expect(await store.append(shard, { epoch, seq: 1 }, bytesOf('one'))).toBe('stored')
  await forget()
  expect(await store.putRecord(shard, epoch, 'u', bytesOf('x'), 60_000)).toBe('stored')
  await forget()
  expect(await store.writeSnapshot(shard, { position: { epoch, seq: 1 }, now: 1, chunks: [] })).toBe('stored')
  await forget()
  await store.release(shard, epoch)
  expect(await store.renew(shard, epoch)).toBe('lost')
})

test('RED-11 a Redis that is killed amid appends and starts again has everything it acknowledged, once', async () => {
  const { server, bench } = await startRedis()
  const store = await bench.open()
  const names: readonly ShardName[] = ['inv.0', 'inv.1', 'ses.0', 'ses.1']
  const owners = await Promise.all(names.map(async (name) => ({ name, epoch: await opened(store, 'a', name), acknowledged: 0 })))
  const over = new AbortController()
  const appending = owners.map(async (owner) => {
    while (!over.signal.aborted) {
      const position = { epoch: owner.epoch, seq: owner.acknowledged + 1 }
      expect(await persist(() => store.append(owner.name, position, bytesOf(`${owner.name} ${position.seq}`)))).toBe('stored')
      owner.acknowledged++
    }
  })
  const grown = async (by: number): Promise<void> => {
    const goals = owners.map(({ acknowledged }) => acknowledged + by)
    await until(() => owners.every(({ acknowledged }, index) => acknowledged >= (goals[index] ?? 0)))
  }
  for (let kills = 0; kills < 3; kills++) {
    await grown(20)
    await server.kill()
    await server.start()
  }
  await grown(20)
  over.abort()
  await Promise.all(appending)
  for (const { name, acknowledged } of owners) {
    const expected = Array.from({ length: acknowledged }, (_, index) => `${name} ${index + 1}`)
    // Reads have a connection of their own, which may come back later than that of the appends.
    expect(textsOf(await persist(() => all(store.readTail(name, journalStart))))).toEqual(expected)
  }
})

test('RED-12 what a failover has lost is noticed and said: before anything is answered from it', async () => {
  const { server, bench } = await startRedis()
  const replica = await RedisServer.start({ replicaOf: server })
  const proxy = await TcpProxy.start(server.port)
  ends.push(
    () => proxy.close(),
    () => replica.remove(),
  )
  const store = await bench.open({ url: `redis://127.0.0.1:${proxy.port}` })
  const epoch = await opened(store)
  await store.append(shard, { epoch, seq: 1 }, bytesOf('one'))
  await until(async () => (await replica.ask('XLEN', log)) === 2)
  await replica.promote()
  expect(await store.append(shard, { epoch, seq: 2 }, bytesOf('two'))).toBe('stored')
  await server.kill()
  proxy.targetPort = replica.port
  proxy.cut()
  expect(await persist(() => store.confirm(shard, { epoch, seq: 2 }))).toBe('fenced')
  const lost = bench.world.logged.filter(({ level }) => level === 'error')
  expect(lost).toMatchObject([
    { fields: { shard, had: `${epoch}-2`, has: `${epoch}-1` }, text: /^Redis has lost records that it had acknowledged/ },
  ])
  expect(await store.append(shard, { epoch, seq: 3 }, bytesOf('three'))).toBe('fenced')
  const next = await persist(() => claimed(store))
  const { tail } = mustOpen(await store.open(shard, next))
  expect(textsOf(await all(tail))).toEqual(['one'])
  expect(bench.world.logged.filter(({ level }) => level === 'error')).toHaveLength(1)
})

test('RED-12 what a failover has lost is noticed and said: a Redis that comes back empty', async () => {
  const { server, bench } = await startRedis()
  const store = await bench.open()
  const epoch = await opened(store)
  await store.append(shard, { epoch, seq: 1 }, bytesOf('one'))
  await server.stop()
  await server.forget()
  await server.start()
  expect(await persist(() => store.append(shard, { epoch, seq: 2 }, bytesOf('two')))).toBe('fenced')
  expect(bench.world.logged.filter(({ level }) => level === 'error')).toMatchObject([{ fields: { had: `${epoch}-1`, has: '0-0' } }])
})

test('RED-12 a primary that has become a replica is left for the one that took over', async () => {
  const { server, bench } = await startRedis()
  const replica = await RedisServer.start({ replicaOf: server })
  const proxy = await TcpProxy.start(server.port)
  ends.push(
    () => proxy.close(),
    () => replica.remove(),
  )
  const store = await bench.open({ url: `redis://127.0.0.1:${proxy.port}` })
  const epoch = await opened(store)
  await until(async () => (await replica.ask('XLEN', log)) === 1)
  await replica.promote()
  await server.ask('REPLICAOF', '127.0.0.1', replica.port)
  proxy.targetPort = replica.port
  expect(await persist(() => store.append(shard, { epoch, seq: 1 }, bytesOf('one')))).toBe('stored')
  expect(await replica.ask('XLEN', log)).toBe(2)
})

test('RED-13 two owners that race each other leave one chain of what was acknowledged', async () => {
  const { bench } = await startRedis()
  const acknowledged: JournalRecord[] = []
  const race = async (store: Store, owner: number): Promise<void> => {
    for (let rounds = 0; rounds < 40; rounds++) {
      // Lets the others get somewhere, for a time that is another one for each and each time.
      for (let trips = (rounds * (owner + 3)) % 16; trips > 0; trips--) await store.confirm(shard, journalStart)
      // Under one name, so that each may take the shard from the others at any time.
      const lease = await store.claim(shard, 'a')
      if (lease === 'taken' || (await store.open(shard, lease.epoch)) === 'fenced') continue
      for (let seq = 1; seq <= 5; seq++) {
        const position: Position = { epoch: lease.epoch, seq }
        const bytes = bytesOf(`${owner} ${seq}`)
        if ((await store.append(shard, position, bytes)) === 'fenced') break
        acknowledged.push({ position, bytes })
      }
    }
  }
  const stores = await Promise.all([bench.open(), bench.open(), bench.open()])
  await Promise.all(stores.map(race))
  const kept = await all((await bench.open()).readTail(shard, journalStart))
  acknowledged.sort((a, b) => comparePositions(a.position, b.position))
  expect(positionsOf(kept)).toEqual(positionsOf(acknowledged))
  expect(textsOf(kept)).toEqual(textsOf(acknowledged))
  expect(new Set(kept.map(({ position }) => position.epoch)).size).toBeGreaterThan(3)
})
