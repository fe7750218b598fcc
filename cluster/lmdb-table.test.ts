import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type LmdbStore, openLmdbStore } from './lmdb-store.ts'
import { ManualWorld } from './manual-world.ts'
import { sharedTableContract } from './shared-table-contract.ts'

sharedTableContract('LMDB', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-table-'))
  const world = new ManualWorld()
  let store: LmdbStore | undefined
  const open = async (): Promise<LmdbStore> =>
    (store ??= await openLmdbStore({ folder, durability: 'fsync', archiveDays: 1, shards: { inv: 1, ses: 1 }, world, reserveBytes: 0 }))
  const end = async (): Promise<void> => {
    await store?.close()
    store = undefined
  }
  return {
    connect: async (limits) => (await open()).table('things', limits),
    restart: end,
    close: async () => {
      await end()
      rmSync(folder, { recursive: true })
    },
  }
})
