import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type LmdbStore, openLmdbStore } from './lmdb-store.ts'
import { ManualWorld } from './manual-world.ts'
import { sharedRecordContract } from './shared-record-contract.ts'

const sweepsMs = 3_000

sharedRecordContract('LMDB', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-record-'))
  let world = new ManualWorld()
  let store: LmdbStore | undefined
  const open = async (): Promise<LmdbStore> =>
    (store ??= await openLmdbStore({ folder, durability: 'fsync', archiveDays: 1, shards: { inv: 1, ses: 1 }, world, reserveBytes: 0 }))
  const end = async (): Promise<void> => {
    await store?.close()
    store = undefined
  }
  return {
    connect: async (name) => (await open()).record(name),
    restart: async () => {
      await end()
      // Decades later, when old cold records are cleared away.
      world = new ManualWorld(1, 2_500_000_000_000)
      await open()
      await world.pass(sweepsMs)
      await end()
    },
    close: async () => {
      await end()
      rmSync(folder, { recursive: true })
    },
  }
})
