import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openLmdbStore } from './lmdb-store.ts'
import { ManualWorld } from './manual-world.ts'
import type { Presence } from './owner-socket.ts'
import type { StoreBench } from './store-bench.ts'
import { storeContract } from './store-contract.ts'
import type { Store } from './store.ts'
import type { Timers, World } from './world.ts'

/** Every owner looks dead, so that a rival in the same process takes over as if it were one. */
const everyoneDead: Presence = {
  announce: async () => ({ close: async () => {} }),
  alive: async () => false,
  forget: async () => {},
}

for (const durability of ['fsync', 'everysec'] as const) {
  storeContract(`LMDB store, ${durability}`, async (): Promise<StoreBench> => {
    const folder = mkdtempSync(join(tmpdir(), 'sluice-store-'))
    const { world, manual } = patientWorld()
    const stores: Store[] = []
    return {
      leaseMs: 0,
      pass: (ms) => manual.pass(ms),
      open: async () => {
        const options = { folder, durability, archiveDays: 30, shards: { inv: 2, ses: 2 }, world, presence: everyoneDead }
        const store = await openLmdbStore(options)
        stores.push(store)
        return store
      },
      close: async () => {
        for (const store of stores) await store.close()
        rmSync(folder, { recursive: true })
      },
    }
  })
}

/** The wall clock moves only when told; pauses are real, but as short as can be. */
function patientWorld(): { world: World; manual: ManualWorld } {
  const manual = new ManualWorld()
  const timers: Timers = {
    after: (_, run) => {
      const timer = setTimeout(run, 0)
      return { cancel: () => clearTimeout(timer) }
    },
    every: (ms, run) => manual.timers.every(ms, run),
    soon: (run) => void setImmediate(run),
  }
  return { world: { timers, clock: manual.clock, random: manual.random, log: manual.log }, manual }
}
