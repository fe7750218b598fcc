import { describe, expect, test } from 'vitest'
import { type Opened, type Position, shardName, type Snapshot } from '../cluster/store.ts'
import { follow, followStore } from './compaction/follower.ts'
import { InventoryActor } from './inventory/inventory-actor.ts'
import { JournalGap } from './record.ts'
import { readAhead, recover } from './recovery.ts'
import { InventoryRig, settingsOf } from './testing/inventory-rig.ts'
import { MemoryStore } from './testing/memory-store.ts'
import { finish } from './work.ts'

const name = shardName('inv', 0)

/** A store in which a snapshot comes to stand each time that one was read, `overtakes` times. */
class OvertakenStore extends MemoryStore {
  overtakes = 0
  readonly seqs: number[] = []
  private readonly rig: InventoryRig
  private readonly epoch: number

  constructor(rig: InventoryRig, epoch: number) {
    super()
    this.rig = rig
    this.epoch = epoch
  }

  override async open(shard: typeof name, epoch: number, known?: Position): Promise<Opened | 'fenced'> {
    const opened = await super.open(shard, epoch, known)
    await this.overtake()
    return opened
  }

  override async readSnapshot(): Promise<Snapshot | undefined> {
    const snapshot = await super.readSnapshot(name)
    await this.overtake()
    return snapshot
  }

  private async overtake(): Promise<void> {
    if (this.overtakes === 0) return
    this.overtakes--
    const seq = this.seqs.shift() ?? 0
    await this.writeSnapshot(name, await snapshotAt(this.rig, { epoch: this.epoch, seq }))
  }
}

async function snapshotAt(rig: InventoryRig, position: Position): Promise<Snapshot> {
  const records = rig.journal.slice(0, position.seq).map((bytes, i) => ({ position: { ...position, seq: i + 1 }, bytes }))
  async function* tail(): AsyncIterable<(typeof records)[number]> {
    yield* records
  }
  return follow(new InventoryActor(0), undefined, tail())
}

/** A journal of some buys whose snapshot is at record 3, and its store. */
async function sold(): Promise<{ readonly rig: InventoryRig; readonly store: OvertakenStore; readonly epoch: number }> {
  const rig = new InventoryRig()
  rig.configure(settingsOf({ stock: 5 }))
  for (let i = 0; i < 20; i++) rig.ask({ op: 'buy', sku: 'shoe', user: `user-${i}`, request: `r${i}` })
  const store = new OvertakenStore(rig, 1)
  const { epoch } = await store.claim(name)
  for (const [i, bytes] of rig.journal.entries()) await store.append(name, { epoch, seq: i + 1 }, bytes)
  await store.writeSnapshot(name, await snapshotAt(rig, { epoch, seq: 3 }))
  return { rig, store, epoch }
}

test('SIM-S1 a snapshot that comes to stand while its predecessor is read has the journal read again, from the start', async () => {
  const { rig, store, epoch } = await sold()
  store.overtakes = 3
  store.seqs.push(5, 9, rig.journal.length)
  const actor = new InventoryActor(0)
  const { position } = await recover(store, name, epoch, actor)
  expect(position).toEqual({ epoch, seq: rig.journal.length })
  expect(actor.digest()).toBe(rig.actor.digest())
})

test('SIM-S1 a follower reads again like an owner', async () => {
  const { rig, store } = await sold()
  store.overtakes = 2
  store.seqs.push(5, 9)
  const followed = await followStore(store, name, new InventoryActor(0))
  expect(followed.digest).toBe(rig.actor.digest())
  const restored = new InventoryActor(0)
  finish(restored.restore(followed.chunks))
  expect(restored.digest()).toBe(rig.actor.digest())
})

test('SIM-S1 a gap that is found in the middle of the tail forgets what was replayed before it', async () => {
  const { rig, store, epoch } = await sold()
  const readTail = store.readTail.bind(store)
  let reads = 0
  store.readTail = async function* holed(shard, after) {
    const isHoled = reads++ < 2
    for await (const record of readTail(shard, after)) if (!isHoled || record.position.seq !== 12) yield record
  }
  const actor = new InventoryActor(0)
  await recover(store, name, epoch, actor)
  expect(reads).toBe(3)
  expect(actor.digest()).toBe(rig.actor.digest())
})

describe('a shard that was read ahead', () => {
  test('OWN-56 is brought to the end by what came since, and by nothing else', async () => {
    const { rig, store, epoch } = await sold()
    const actor = new InventoryActor(0)
    const ahead = await readAhead(store, name, actor)
    rig.ask({ op: 'buy', sku: 'shoe', user: 'late', request: 'late' })
    const seq = rig.journal.length
    await store.append(name, { epoch, seq }, rig.journal.at(-1) ?? expect.fail('there is a record'))
    const known: (Position | undefined)[] = []
    const open = store.open.bind(store)
    store.open = (shard, number, from) => {
      known.push(from)
      return open(shard, number, from)
    }
    const recovered = await recover(store, name, epoch, actor, { ahead })
    expect(known).toEqual([{ epoch, seq: seq - 1 }])
    expect(recovered).toMatchObject({ position: { epoch, seq }, tailBytes: ahead.tailBytes + (rig.journal.at(-1)?.length ?? 0) })
    expect(actor.digest()).toBe(rig.actor.digest())
  })

  test('OWN-56 is read again from its snapshot if that has come further meanwhile', async () => {
    const { rig, store, epoch } = await sold()
    const actor = new InventoryActor(0)
    const ahead = await readAhead(store, name, actor)
    rig.ask({ op: 'buy', sku: 'shoe', user: 'late', request: 'late' })
    const position = { epoch, seq: rig.journal.length }
    await store.append(name, position, rig.journal.at(-1) ?? expect.fail('there is a record'))
    await store.writeSnapshot(name, await snapshotAt(rig, position))
    expect(await recover(store, name, epoch, actor, { ahead })).toMatchObject({ position })
    expect(actor.digest()).toBe(rig.actor.digest())
  })
})

test('SNP-14 a long snapshot and a long record are taken in by slices, and come to the same state', async () => {
  const rig = new InventoryRig()
  rig.configure(settingsOf({ stock: 1 }))
  const buys = (from: number, count: number) =>
    Array.from({ length: count }, (_, i) => ({ op: 'buy' as const, sku: 'shoe', user: `user-${from + i}` }))
  rig.batch(buys(0, 30_000))
  const store = new MemoryStore()
  const { epoch } = await store.claim(name)
  const stored = rig.journal.length
  for (const [i, bytes] of rig.journal.entries()) await store.append(name, { epoch, seq: i + 1 }, bytes)
  await store.writeSnapshot(name, await snapshotAt(rig, { epoch, seq: stored }))
  rig.batch(buys(30_000, 4_000))
  for (const [i, bytes] of rig.journal.slice(stored).entries()) await store.append(name, { epoch, seq: stored + i + 1 }, bytes)
  const actor = new InventoryActor(0)
  let slices = 0
  const takeTurns = async (): Promise<void> => {
    slices++
  }
  await recover(store, name, epoch, actor, { takeTurns })
  expect(actor.digest()).toBe(rig.actor.digest())
  // Of the snapshot by thousands of people, and of the record by hundreds of events.
  expect(slices).toBeGreaterThan(30_000 / 10_000 + 4_000 / 500)
})

test('SIM-S1 a record that is missing every time is a damaged journal', async () => {
  const { store, epoch } = await sold()
  store.overtakes = 100
  store.seqs.push(...Array.from({ length: 100 }, (_, i) => i + 4))
  await expect(recover(store, name, epoch, new InventoryActor(0))).rejects.toThrow(JournalGap)
  await expect(followStore(store, name, new InventoryActor(0))).rejects.toThrow(JournalGap)
})
