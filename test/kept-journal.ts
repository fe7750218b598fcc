import type { InventoryActor } from '../actors/inventory/inventory-actor.ts'
import { openLmdbStore } from '../cluster/lmdb-store.ts'
import { realWorld } from '../ops/world.ts'

const silent = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} }

export interface Keeping {
  readonly archiveDays?: number
  /** A snapshot of this actor is taken behind the last of the records. */
  readonly snapshot?: { readonly actor: InventoryActor; readonly now: number }
}

/** For tests: puts records into a data folder as shard inv.0, in an epoch of their own. */
export async function keepJournal(
  folder: string,
  records: readonly Uint8Array[],
  { archiveDays = 30, snapshot }: Keeping = {},
): Promise<void> {
  const store = await openLmdbStore({
    folder,
    durability: 'fsync',
    archiveDays,
    shards: { inv: 1, ses: 1 },
    world: realWorld(silent),
    reserveBytes: 0,
  })
  try {
    const lease = await store.claim('inv.0', 'test')
    if (lease === 'taken') throw new Error('the shard is taken')
    const { epoch } = lease
    if ((await store.open('inv.0', epoch)) === 'fenced') throw new Error('the shard is fenced')
    for (const [i, bytes] of records.entries()) {
      if ((await store.append('inv.0', { epoch, seq: i + 1 }, bytes)) !== 'stored') throw new Error('a record was not stored')
    }
    if (snapshot === undefined) return
    const { actor, now } = snapshot
    await store.writeSnapshot('inv.0', { position: { epoch, seq: records.length }, now, chunks: actor.save() })
  } finally {
    await store.close()
  }
}
