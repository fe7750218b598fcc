import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { openRedisReader } from '../cluster/redis-reader.ts'
import { openRedisStore, type RedisStoreOptions } from '../cluster/redis-store.ts'
import { bytesOf, opened, shard } from '../cluster/store-bench.ts'
import type { Store } from '../cluster/store.ts'
import { faultOf } from './redis-bench.ts'
import { type Certificate, makeCertificate } from './servers/certificate.ts'
import { LoggedWorld } from './servers/logged-world.ts'
import { RedisServer } from './servers/redis-server.ts'
import { until } from './servers/until.ts'

let server: RedisServer
let world: LoggedWorld
const stores: Store[] = []

beforeAll(async () => {
  server = await RedisServer.start()
})
afterAll(() => server.remove())
beforeEach(async () => {
  world = new LoggedWorld()
  await server.ask('FLUSHALL')
})
afterEach(async () => {
  for (const store of stores.splice(0)) await store.close()
})

async function open(more: Partial<RedisStoreOptions> = {}): Promise<Store> {
  const store = await openRedisStore({ url: server.url, durability: 'fsync', shards: { inv: 2, ses: 2 }, archiveDays: 30, world, ...more })
  stores.push(store)
  return store
}

/** Gives the server a setting while `run` runs. */
async function withSetting<T>(name: string, value: string, usual: string, run: () => Promise<T>): Promise<T> {
  await server.ask('CONFIG', 'SET', name, value)
  try {
    return await run()
  } finally {
    await server.ask('CONFIG', 'SET', name, usual)
  }
}

const where = (): string => `Redis at 127.0.0.1:${server.port}`

test.each([
  [
    'maxmemory-policy',
    'allkeys-lru',
    'noeviction',
    'maxmemory-policy is allkeys-lru; set it to noeviction, for a full Redis would throw journals away',
  ],
  ['appendfsync', 'everysec', 'always', 'appendfsync is everysec; set it to always, for the durability is fsync'],
  ['no-appendfsync-on-rewrite', 'yes', 'no', 'no-appendfsync-on-rewrite is yes; set it to no, for the durability is fsync'],
])('RED-3 a Redis that cannot keep what is promised is refused in one line: %s %s', async (name, value, usual, line) => {
  const refused = { code: 'STORE_UNUSABLE', message: `cannot use ${where()}: ${line}` }
  await withSetting(name, value, usual, () => expect(open()).rejects.toMatchObject(refused))
})

test('RED-3 a Redis that cannot keep what is promised is refused in one line: another number of shards', async () => {
  await open()
  const line = 'its data is parted into 2 inventory and 2 session shards, this node is set to 4 inventory and 2 session shards'
  const refused = { code: 'STORE_UNUSABLE', message: `cannot use ${where()}: ${line}` }
  await expect(open({ shards: { inv: 4, ses: 2 } })).rejects.toMatchObject(refused)
  await expect(open()).resolves.toBeDefined()
})

test('RED-3 a Redis that cannot keep what is promised is refused in one line: data of another format', async () => {
  await server.ask('HSET', 'sluice:format', 'version', 9, 'inv', 2, 'ses', 2)
  const refused = { code: 'STORE_UNUSABLE', message: `cannot use ${where()}: its data has format 9, this program knows format 1` }
  await expect(open()).rejects.toMatchObject(refused)
})

test('RED-3 a Redis that cannot keep what is promised is refused in one line: nothing to read', async () => {
  const refused = { code: 'STORE_UNUSABLE', message: `cannot use ${where()}: no node has kept anything in it yet` }
  await expect(openRedisReader({ url: server.url, world })).rejects.toMatchObject(refused)
})

test('RED-4 what may become a danger is warned of at the start', async () => {
  await open()
  expect(world.texts).toContain('Redis has no maxmemory: set it, so that it refuses writes before the machine runs out of memory')
  await withSetting('maxmemory', '1mb', '0', () => open({ durability: { replicas: 1 } }))
  expect(world.texts).toContainEqual(expect.stringMatching(/^Redis uses \d+ MB of its 1 MB of memory$/))
  expect(world.texts).toContain('min-replicas-to-write is 0: set it to 1, so that a primary without replicas refuses at once')
})

test('RED-5 a Redis without memory is full, keeps owners in their shards, and goes on when there is some', async () => {
  const store = await open()
  const epoch = await opened(store)
  const other = await opened(store, 'a', 'inv.1')
  const full = { code: 'STORE_FULL', message: `${where()} has no memory left` }
  const append = (): Promise<string> => store.append(shard, { epoch, seq: 1 }, bytesOf('one'))
  await withSetting('maxmemory', '1mb', '0', async () => {
    await expect(append()).rejects.toMatchObject(full)
    expect(await store.confirm(shard, { epoch, seq: 0 })).toBe('stands')
    expect(await store.renew(shard, epoch)).toMatchObject({ epoch })
    await store.release('inv.1', other)
  })
  expect(await append()).toBe('stored')
  expect(await store.claim('inv.1', 'b')).not.toBe('taken')
})

test('RED-6 a Redis that is away is waited for, with a line that says so', async () => {
  await server.stop()
  const opening = open()
  await until(() => world.texts.includes('waiting for Redis'))
  expect(world.logged[0]?.fields['reason']).toMatch(/is away: connect ECONNREFUSED/)
  await server.start()
  await opening
  expect(world.texts).toContain('Redis is there again')
})

test('RED-6 a Redis that is away is waited for until nobody waits any more', async () => {
  const gaveUp = new AbortController()
  const opening = open({ url: 'redis://127.0.0.1:1', signal: gaveUp.signal })
  await until(() => world.texts.includes('waiting for Redis'))
  gaveUp.abort()
  await expect(opening).rejects.toMatchObject({
    code: 'STORE_FAILED',
    message: 'Redis at 127.0.0.1:1 is away: nobody waits for it any more',
  })
  await expect(open({ signal: AbortSignal.abort() })).rejects.toMatchObject({ code: 'STORE_FAILED' })
})

test('RED-6 a Redis that is a replica is waited for, for it may become the primary', async () => {
  const replica = await RedisServer.start({ replicaOf: server })
  try {
    const opening = open({ url: replica.url })
    await until(() => world.texts.includes('waiting for Redis'))
    expect(world.logged[0]?.fields['reason']).toMatch(/is a replica, not the primary$/)
    await replica.promote()
    expect(await opened(await opening)).toBeGreaterThan(0)
  } finally {
    await replica.remove()
  }
})

test('RED-7 whoever may not use Redis is told so in one line', async () => {
  const guarded = await RedisServer.start({ password: 'right' })
  try {
    const at = `127.0.0.1:${guarded.port}`
    const refusals = [
      [`redis://:wrong@${at}`, /refuses the login: WRONGPASS/],
      [`redis://nobody:right@${at}`, /refuses the login: WRONGPASS/],
      [`redis://${at}`, /refuses the login: NOAUTH/],
      [`${guarded.url}/99`, /refuses the login: ERR DB index is out of range/],
    ] as const
    for (const [url, message] of refusals) {
      const opening = open({ url })
      await expect(opening).rejects.toMatchObject({ code: 'STORE_UNUSABLE' })
      await expect(opening).rejects.toThrow(message)
    }
    await expect(open({ url: `redis://:needless@127.0.0.1:${server.port}` })).rejects.toMatchObject({ code: 'STORE_UNUSABLE' })
    expect(await opened(await open({ url: `${guarded.url}/3` }))).toBeGreaterThan(0)
  } finally {
    await guarded.remove()
  }
})

test('RED-7 whoever may not use Redis is told so: a user with a password, over TLS', async () => {
  const certificate: Certificate = await makeCertificate()
  const guarded = await RedisServer.start({ user: 'shop', password: 'right', certificate })
  try {
    const { url, tls } = guarded
    const gaveUp = new AbortController()
    const stranger = faultOf(open({ url, signal: gaveUp.signal }))
    await until(() => world.logged.some(({ fields }) => /self-signed certificate/.test(String(fields['reason']))))
    gaveUp.abort()
    expect(await stranger).toMatchObject({ code: 'STORE_FAILED' })
    const trusting = tls === undefined ? {} : { tls }
    expect(await opened(await open({ url, ...trusting }))).toBeGreaterThan(0)
    await expect(open({ url: url.replace('right', 'wrong'), ...trusting })).rejects.toMatchObject({ code: 'STORE_UNUSABLE' })
  } finally {
    await guarded.remove()
    await certificate.remove()
  }
})
