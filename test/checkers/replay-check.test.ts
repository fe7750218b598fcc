import { expect, test } from 'vitest'
import { InventoryActor } from '../../actors/inventory/inventory-actor.ts'
import { readRecordHead } from '../../actors/record.ts'
import { InventoryRig, settingsOf } from '../../actors/testing/inventory-rig.ts'
import { comparePositions, type JournalRecord, type Position, type Snapshot } from '../../cluster/store.ts'
import { packInner, unpackInner } from '../../protocol/inner-codec.ts'
import { Findings } from './findings.ts'
import { checkReplay } from './replay-check.ts'

interface Kept {
  readonly records: readonly JournalRecord[]
  readonly snapshot: Snapshot | undefined
  readonly live: number
}

/** A sale with people who come, wait, leave, buy and are forgotten, and a snapshot in its middle. */
function longSale(): Kept {
  const rig = new InventoryRig()
  rig.configure(settingsOf({ stock: 2 }))
  for (const user of ['ann', 'bob', 'cat', 'dan']) rig.buy(user)
  rig.checkout('ann')
  rig.settle(1, 'paid')
  rig.leave('bob')
  rig.pass(130_000)
  rig.buy('eve', { request: 'e1' })
  rig.buy('fay')
  const seq = rig.journal.length
  const chunks = rig.actor.save()
  rig.leave('eve')
  rig.buy('eve', { request: 'e2' })
  rig.pass(20_000)
  const records = rig.journal.map((bytes, i) => ({ position: { epoch: 1, seq: i + 1 }, bytes }))
  const now = readRecordHead(rig.journal[seq - 1] ?? new Uint8Array(0)).now
  return { records, snapshot: { position: { epoch: 1, seq }, now, chunks }, live: rig.actor.digest() }
}

async function problemsIn({ records, snapshot, live }: Kept): Promise<string[]> {
  const { complain, problems } = new Findings(() => 0)
  const store = {
    async *readArchive() {
      yield { position: { epoch: 1, seq: 0 }, bytes: new Uint8Array(0), trimmed: false }
      for (const record of records) yield { ...record, trimmed: false }
    },
    readSnapshot: async () => snapshot,
    async *readTail(_: string, after: Position) {
      for (const record of records) if (comparePositions(record.position, after) > 0) yield record
    },
  }
  await checkReplay({ store, makeActor: () => new InventoryActor(0), complain }, 'inv.0', live)
  return problems.map(({ promise, what }) => `${promise} ${what}`)
}

interface SavedSku {
  readonly numbers: number[]
  readonly users: { readonly requestHis: Uint8Array }
  former: unknown[]
  orders: unknown[]
}

/** The same, with a snapshot that says something else of its only SKU. */
function spoiled(kept: Kept, spoil: (sku: SavedSku) => void): Kept {
  const { snapshot } = kept
  if (snapshot === undefined) throw new Error('no snapshot')
  const saved = unpackInner<{ readonly skus: readonly SavedSku[] }>(Buffer.concat(snapshot.chunks))
  for (const sku of saved.skus) spoil(sku)
  return { ...kept, snapshot: { ...snapshot, chunks: [packInner(saved)] } }
}

test('CHK-7 the replay check takes a sale with a snapshot, and one without', async () => {
  const kept = longSale()
  expect(await problemsIn(kept)).toEqual([])
  expect(await problemsIn({ ...kept, snapshot: undefined })).toEqual([])
})

test.each<readonly [string, (kept: Kept) => Kept, string]>([
  [
    'another digest than the owner has',
    (kept) => ({ ...kept, live: kept.live ^ 1 }),
    'the journal gives another digest than its owner has',
  ],
  ['a missing record', (kept) => ({ ...kept, records: kept.records.toSpliced(3, 1) }), 'does not follow'],
  [
    'a snapshot of another record',
    (kept) => ({ ...kept, snapshot: kept.snapshot && { ...kept.snapshot, position: { epoch: 1, seq: kept.snapshot.position.seq - 1 } } }),
    'cannot be replayed',
  ],
  ['a snapshot without an order', (kept) => spoiled(kept, (sku) => sku.orders.pop()), 'cannot be replayed'],
  ['a snapshot with one former request more', (kept) => spoiled(kept, (sku) => (sku.former = [['1.2.3', 1e15]])), 'another former of shoe'],
  ['a snapshot with another pause', (kept) => spoiled(kept, ({ numbers }) => (numbers[8] = 77)), 'another numbers of shoe'],
])('CHK-8 the replay check finds %s', async (_, spoil, what) => {
  const problems = await problemsIn(spoil(longSale()))
  expect(problems[0]).toContain('G12')
  expect(problems[0]).toContain(what)
})
