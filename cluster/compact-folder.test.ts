import { readFileSync, readdirSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { compactFolder } from './compact-folder.ts'
import { openLmdbStore } from './lmdb-store.ts'
import { ManualWorld } from './manual-world.ts'
import { shardName } from './store.ts'

const shard = shardName('ses', 0)
const secret = 'a secret that nobody is to find again'
const shards = { inv: 1, ses: 1 }
const world = new ManualWorld()
let folder: string

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-compact-'))
})

afterEach(() => rm(folder, { recursive: true, force: true }))

function open() {
  return openLmdbStore({ folder, durability: 'fsync', archiveDays: 30, shards, world })
}

test('CLI-18 a data folder that no node owns is written anew without what was deleted, and has all that is kept', async () => {
  const store = await open()
  const lease = await store.claim(shard, 'a')
  if (lease === 'taken') throw new Error('a new folder is nobody’s')
  await store.open(shard, lease.epoch)
  for (let seq = 1; seq <= 700; seq++) await store.append(shard, { epoch: lease.epoch, seq }, Buffer.from(`record ${seq}`))
  for (const key of ['kept', 'gone']) await store.putRecord(shard, lease.epoch, key, Buffer.from(key === 'gone' ? secret : key), 60_000)
  await store.deleteRecord(shard, lease.epoch, 'gone')
  await expect(compactFolder(folder, world.random)).rejects.toMatchObject({ code: 'STORE_IN_USE' })
  await store.close()
  expect(readFileSync(join(folder, 'data.mdb')).includes(secret)).toBe(true)

  const { before, after } = await compactFolder(folder, world.random)
  expect(after).toBeLessThanOrEqual(before)
  expect(readFileSync(join(folder, 'data.mdb')).includes(secret)).toBe(false)
  expect(readdirSync(folder).filter((name) => name.startsWith('compacted'))).toEqual([])
  const again = await open()
  expect(Buffer.from((await again.getRecord(shard, 'kept')) ?? []).toString()).toBe('kept')
  expect(await again.getRecord(shard, 'gone')).toBeUndefined()
  const read: number[] = []
  const reading = (async () => {
    for await (const { position } of again.readArchive(shard)) if (position.seq > 0) read.push(position.seq)
  })()
  // A long read pauses now and then.
  while (read.length < 700) await world.pass(1)
  await reading
  expect(read).toHaveLength(700)
  // An epoch that was given out once is not given out again.
  const next = await again.claim(shard, 'b')
  expect(next === 'taken' ? 0 : next.epoch).toBeGreaterThan(lease.epoch)
  await again.close()
  await expect(compactFolder(join(folder, 'elsewhere'), world.random)).rejects.toMatchObject({ code: 'STORE_UNUSABLE' })
})
