import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { InventoryRig, settingsOf } from '../actors/testing/inventory-rig.ts'
import { openLmdbStore } from '../cluster/lmdb-store.ts'
import { shardName, type Store } from '../cluster/store.ts'
import { JourneyThread } from './journey-thread.ts'
import { createLog } from './log.ts'
import { realWorld } from './world.ts'

const name = shardName('inv', 0)
let folder: string
let store: Store
let logged: string[]
let thread: JourneyThread

beforeEach(async () => {
  logged = []
  const world = realWorld(createLog({ level: 'warn', pretty: false, colours: false }, { write: (line) => void logged.push(line) }))
  folder = mkdtempSync(join(tmpdir(), 'sluice-journey-'))
  store = await openLmdbStore({ folder, durability: 'fsync', archiveDays: 1, shards: { inv: 1, ses: 1 }, world, reserveBytes: 0 })
  const lease = await store.claim(name, 'test')
  if (lease === 'taken') throw new Error('a new folder has an owner')
  await store.open(name, lease.epoch)
  const rig = new InventoryRig()
  rig.configure(settingsOf({ stock: 1 }))
  for (const user of ['ann', 'bob']) rig.ask({ op: 'buy', sku: 'shoe', user, request: `of ${user}` })
  for (const [i, record] of rig.journal.entries()) await store.append(name, { epoch: lease.epoch, seq: i + 1 }, record)
  thread = new JourneyThread({ kind: 'folder', folder }, world)
})

afterEach(async () => {
  await thread.close()
  await store.close()
  rmSync(folder, { recursive: true })
})

test('CON-10 a journey is read beside the owner of the journal, one at a time', async () => {
  const first = thread.read('ann')
  expect(await thread.read('bob')).toBe('busy')
  expect(await first).toMatchObject({ user: 'ann', skus: [{ sku: 'shoe', outcome: 'holding' }] })
  expect(await thread.read('bob', 'shoe')).toMatchObject({ user: 'bob', skus: [{ sku: 'shoe', outcome: 'waiting' }] })
  expect(await thread.read('eve')).toMatchObject({ user: 'eve', skus: [{ sku: 'shoe', outcome: 'none' }] })
})

test('CON-10 a journal that cannot be read is told, and the log says why', async () => {
  const nowhere = new JourneyThread(
    { kind: 'folder', folder: join(folder, 'nowhere') },
    realWorld(createLog({ level: 'warn', pretty: false, colours: false }, { write: (line) => void logged.push(line) })),
  )
  expect(await nowhere.read('ann')).toBe('unreadable')
  expect(logged.join('')).toContain('a journey could not be read')
})

test('CON-10 whoever closes ends the reading, and nothing more is read', async () => {
  const reading = thread.read('ann')
  await thread.close()
  expect(await reading).toBe('slow')
  expect(await thread.read('ann')).toBe('busy')
})
