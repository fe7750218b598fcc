import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { type LmdbStoreOptions, openLmdbStore } from './lmdb-store.ts'
import { type Durability, LmdbEnv } from './lmdb.ts'
import { ManualWorld } from './manual-world.ts'
import type { Presence } from './owner-socket.ts'
import { all, appended, bytesOf, claimed, mustOpen, opened, shard, type StoreBench, textsOf } from './store-bench.ts'
import { storeContract } from './store-contract.ts'
import { chunkBytesMax, journalStart, type Store } from './store.ts'
import type { Timers, World } from './world.ts'

/** Every owner looks dead, so that a rival in the same process takes over as if it were one. */
const everyoneDead: Presence = {
  announce: async () => ({ close: async () => {} }),
  alive: async () => false,
  forget: async () => {},
}

/** A data folder, and stores over it whose wall clock moves only when told. */
class Bench implements StoreBench {
  readonly leaseMs = 0
  readonly folder = mkdtempSync(join(tmpdir(), 'sluice-store-'))
  readonly manual = new ManualWorld()
  readonly #durability: Durability
  readonly #world: World
  readonly #stores: Store[] = []

  constructor(durability: Durability) {
    this.#durability = durability
    const { clock, random, log } = this.manual
    this.#world = { clock, random, log, timers: shortTimers(this.manual.timers) }
  }

  pass(ms: number): Promise<void> {
    return this.manual.pass(ms)
  }

  async open(more: Partial<LmdbStoreOptions> = {}): Promise<Store> {
    const always = { folder: this.folder, durability: this.#durability, world: this.#world, presence: everyoneDead }
    const store = await openLmdbStore({ ...always, archiveDays: 30, shards: { inv: 2, ses: 2 }, ...more })
    this.#stores.push(store)
    return store
  }

  async close(): Promise<void> {
    for (const store of this.#stores) await store.close()
    rmSync(this.folder, { recursive: true })
  }

  /** What is really in the tables. */
  async look<T>(see: (env: LmdbEnv) => T): Promise<T> {
    const env = new LmdbEnv({ folder: this.folder, durability: 'fsync', readOnly: true, reserveBytes: 0 })
    env.fresh()
    try {
      return see(env)
    } finally {
      await env.close()
    }
  }
}

/** Pauses are real, but as short as can be; what repeats waits for the clock. */
function shortTimers(manual: Timers): Timers {
  return {
    after: (_, run) => {
      const timer = setTimeout(run, 0)
      return { cancel: () => clearTimeout(timer) }
    },
    every: (ms, run) => manual.every(ms, run),
    soon: (run) => void setImmediate(run),
    catchUp: () => {},
  }
}

storeContract('LMDB with fsync', async () => new Bench('fsync'))
storeContract('LMDB with everysec', async () => new Bench('everysec'))

const benches: Bench[] = []

afterEach(async () => {
  for (const bench of benches.splice(0)) await bench.close()
})

function fresh(): Bench {
  const bench = new Bench('fsync')
  benches.push(bench)
  return bench
}

async function until(holds: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 20_000
  while (!(await holds())) {
    if (Date.now() > deadline) throw new Error('waited 20 s in vain')
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}

const start = Buffer.of(0)
const minuteDays = 1 / 24 / 60

test('STO-20 trimmed records are deleted once they were trimmed as long ago as the archive lasts, and no others', async () => {
  const bench = fresh()
  const store = await bench.open({ archiveDays: minuteDays })
  const epoch = await opened(store)
  await appended(store, epoch, ['one', 'two', 'three', 'four'])
  const archived = async (): Promise<string> => textsOf(await all(store.readArchive(shard))).join(' ')
  await store.writeSnapshot(shard, { position: { epoch, seq: 1 }, now: 1, chunks: [] })
  await bench.pass(40_000)
  await store.writeSnapshot(shard, { position: { epoch, seq: 3 }, now: 1, chunks: [] })
  expect(await archived()).toBe(' one two three four')
  await bench.pass(20_000)
  await until(async () => (await archived()) === 'two three four')
  await bench.pass(60_000)
  await until(async () => (await archived()) === 'four')
  await bench.pass(600_000)
  expect(await archived()).toBe('four')
  expect(textsOf(await all(store.readTail(shard, { epoch, seq: 3 })))).toEqual(['four'])
  await until(() => bench.look((env) => env.trims.keys(start, undefined, 10).length === 0))
})

test('STO-20 a shard whose whole journal was deleted goes on where it was', async () => {
  const bench = fresh()
  const store = await bench.open({ archiveDays: 0 })
  const epoch = await opened(store)
  await appended(store, epoch, ['one', 'two'])
  await store.writeSnapshot(shard, { position: { epoch, seq: 2 }, now: 1, chunks: [bytesOf('state')] })
  await bench.pass(60_000)
  await until(async () => (await all(store.readArchive(shard))).length === 0)
  const next = await bench.open({ archiveDays: 0 })
  expect(await next.writeSnapshot(shard, { position: { epoch, seq: 2 }, now: 1, chunks: [] })).toBe('older')
  const nextEpoch = await claimed(next)
  expect(nextEpoch).toBeGreaterThan(epoch)
  const { snapshot, tail } = mustOpen(await next.open(shard, nextEpoch))
  expect(snapshot?.position).toEqual({ epoch, seq: 2 })
  expect(await all(tail)).toEqual([])
  await expect(all(next.readTail(shard, journalStart))).rejects.toMatchObject({ code: 'STORE_GAP' })
})

test('STO-21 expired cold records are deleted, a few at a time, and renewed ones are not', async () => {
  const bench = fresh()
  const store = await bench.open()
  const count = (): Promise<number> => bench.look((env) => env.records.versions(start, 10_000).length)
  const epoch = await opened(store)
  const keys = Array.from({ length: 600 }, (_, index) => `ses.u${index}`)
  await Promise.all(keys.map((key, index) => store.putRecord(shard, epoch, key, bytesOf(key), index % 3 === 0 ? 60_000 : 100)))
  await bench.pass(999)
  expect(await count()).toBe(600)
  await until(async () => {
    await bench.pass(1000)
    return (await count()) === 200
  })
  expect(await store.getRecord(shard, 'ses.u0')).toBeDefined()
  await store.putRecord(shard, epoch, 'ses.u0', bytesOf('renewed'), 3_600_000)
  await until(async () => {
    await bench.pass(10_000)
    return (await count()) === 1
  })
  expect(await store.getRecord(shard, 'ses.u0')).toBeDefined()
})

test('STO-21 a cold record that is put again while it is being deleted stays', async () => {
  const bench = fresh()
  const store = await bench.open()
  const epoch = await opened(store)
  await store.putRecord(shard, epoch, 'ses.u', bytesOf('old'), 100)
  await bench.pass(900)
  const put = store.putRecord(shard, epoch, 'ses.u', bytesOf('new'), 60_000)
  // The sweep comes before the put is stored, and its own write after it.
  await bench.pass(200)
  await put
  await store.putRecord(shard, epoch, 'ses.v', bytesOf(''), 100)
  expect(await store.getRecord(shard, 'ses.u')).toEqual(Buffer.from('new'))
})

test('STO-22 a snapshot that was not finished leaves nothing behind once there is a newer one', async () => {
  const bench = fresh()
  const store = await bench.open()
  const epoch = await opened(store)
  await appended(store, epoch, ['one', 'two'])
  await store.writeSnapshot(shard, { position: { epoch, seq: 1 }, now: 1, chunks: [bytesOf('first')] })
  const chunks = Array.from({ length: 200 }, () => new Uint8Array(chunkBytesMax / 16))
  const writing = store.writeSnapshot(shard, { position: { epoch, seq: 2 }, now: 2, chunks })
  const unfinished = writing.catch((error: unknown) => error)
  const kept = (): Promise<number> => bench.look((env) => env.chunks.keys(start, undefined, 1000).length)
  await until(async () => (await kept()) > 20)
  const next = await bench.open()
  expect(await unfinished).toMatchObject({ code: 'STORE_IN_USE' })
  expect((await next.readSnapshot(shard))?.position).toEqual({ epoch, seq: 1 })
  expect(await kept()).toBeGreaterThan(20)
  const newest = { position: { epoch, seq: 2 }, now: 2, chunks: [bytesOf('a'), bytesOf('b')] }
  expect(await next.writeSnapshot(shard, newest)).toBe('stored')
  expect(await kept()).toBe(2)
})

test('STO-23 a store whose folder another has taken can change nothing', async () => {
  const bench = fresh()
  const store = await bench.open()
  const epoch = await opened(store)
  await appended(store, epoch, ['one'])
  await store.putRecord(shard, epoch, 'key', bytesOf('mine'), 60_000)
  await bench.open()
  const inUse = { code: 'STORE_IN_USE', message: 'another process has taken over the data folder' }
  expect(await store.claim('inv.1', 'a')).toBe('taken')
  expect(await store.claim(shard, 'a')).toBe('taken')
  expect(await store.putRecord(shard, epoch, 'key', bytesOf('other'), 60_000)).toBe('fenced')
  expect(await store.deleteRecord(shard, epoch, 'key')).toBe('fenced')
  await expect(store.writeSnapshot(shard, { position: { epoch, seq: 1 }, now: 1, chunks: [] })).rejects.toMatchObject(inUse)
  expect(await store.getRecord(shard, 'key')).toEqual(Buffer.from('mine'))
  expect(await store.readSnapshot(shard)).toBeUndefined()
})

test.each([
  ['in the middle of an epoch', 2, '1-1 and 1-3'],
  ['at the end of an epoch', 3, '1-2 and 2-0'],
  ['an opening', 4, '1-3 and 2-1'],
])('STO-24 a journal that lacks a record %s is not read past the gap', async (_, index, between) => {
  const bench = fresh()
  const store = await bench.open()
  await appended(store, await opened(store), ['one', 'two', 'three'])
  await appended(store, await opened(store), ['four'])
  await store.close()
  const env = new LmdbEnv({ folder: bench.folder, durability: 'fsync', readOnly: false, reserveBytes: 0 })
  const key = env.log.keys(start, undefined, 10)[index]
  await env.write(1, () => env.log.remove(key ?? start))
  await env.close()
  const tail = (await bench.open()).readTail(shard, journalStart)
  await expect(all(tail)).rejects.toThrow(`the journal lacks what comes between ${between}`)
})

test('STO-25 shards that do not exist are a bug of the caller', async () => {
  const store = await fresh().open()
  await expect(store.claim('inv.2', 'a')).rejects.toThrow('there is no shard inv.2')
  await expect(store.append('ses.7', { epoch: 1, seq: 1 }, bytesOf('x'))).rejects.toThrow('there is no shard ses.7')
})
