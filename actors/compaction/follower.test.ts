import { describe, expect, test } from 'vitest'
import { chunkBytesMax, type JournalRecord, journalStart, type Position, shardName, type Snapshot } from '../../cluster/store.ts'
import { InventoryActor } from '../inventory/inventory-actor.ts'
import { JournalFault } from '../record.ts'
import { InventoryRig, settingsOf } from '../testing/inventory-rig.ts'
import { MemoryStore } from '../testing/memory-store.ts'
import { finish } from '../work.ts'
import { follow, inlineFollower } from './follower.ts'

const name = shardName('inv', 0)

async function* recordsOf(journal: readonly Uint8Array[], after = 0): AsyncIterable<JournalRecord> {
  for (const [i, bytes] of journal.entries()) if (i >= after) yield { position: { epoch: 1, seq: i + 1 }, bytes }
}

/** A busy SKU: buys, leaves, checkouts, settlements, time. */
function busy(rig: InventoryRig, from: number, people: number): void {
  for (let i = from; i < from + people; i++) {
    const user = `user-${i}`
    rig.ask({ op: 'buy', sku: 'shoe', user, qty: 1 + (i % 2), request: `r${i}` })
    if (i % 5 === 0) rig.ask({ op: 'leave', sku: 'shoe', user: `user-${i - 3}` })
    if (i % 3 === 0) rig.ask({ op: 'checkout', sku: 'shoe', user, payload: new TextEncoder().encode('visa') })
    if (i % 7 === 0) rig.pass(3_000)
  }
}

describe('a follower', () => {
  test('SNP-1 comes to the state of the owner, from the start or from a snapshot', async () => {
    const rig = new InventoryRig()
    rig.configure(settingsOf({ stock: 40 }))
    busy(rig, 0, 150)
    const half = rig.journal.length
    const first = await follow(new InventoryActor(0), undefined, recordsOf(rig.journal))
    expect(first.position).toEqual({ epoch: 1, seq: half })
    expect(first.digest).toBe(rig.actor.digest())

    busy(rig, 150, 150)
    const second = await follow(new InventoryActor(0), first, recordsOf(rig.journal, half))
    const straight = await follow(new InventoryActor(0), undefined, recordsOf(rig.journal))
    expect(second.digest).toBe(rig.actor.digest())
    expect({ ...second, chunks: Buffer.concat(second.chunks) }).toEqual({ ...straight, chunks: Buffer.concat(straight.chunks) })
    expect(second.now).toBe(rig.now)
  })

  test('SNP-1 makes chunks of bounded size that restore to the same state', async () => {
    const rig = new InventoryRig()
    rig.configure(settingsOf({ stock: 10 }))
    for (let i = 0; i < 10_000; i++) rig.ask({ op: 'buy', sku: 'shoe', user: `a-user-with-a-rather-long-name-${i}`, request: `r${i}` })
    const { chunks, digest } = await follow(new InventoryActor(0), undefined, recordsOf(rig.journal))
    expect(chunks.length).toBeGreaterThan(1)
    expect(Math.max(...chunks.map((chunk) => chunk.length))).toBeLessThanOrEqual(chunkBytesMax)
    const restored = new InventoryActor(0)
    finish(restored.restore(chunks))
    expect(restored.digest()).toBe(digest)
  })

  test('SNP-2 refuses a journal that does not lead to what the owner had', async () => {
    const rig = new InventoryRig()
    rig.configure(settingsOf({ stock: 40 }))
    busy(rig, 0, 30)
    const { journal } = rig
    const other = new InventoryRig()
    other.configure(settingsOf({ stock: 41 }))
    busy(other, 0, 29)
    const snapshot = await follow(new InventoryActor(0), undefined, recordsOf(other.journal))
    const foreign: Snapshot = { ...snapshot, position: { epoch: 1, seq: journal.length - 3 } }
    await expect(follow(new InventoryActor(0), foreign, recordsOf(journal, journal.length - 3))).rejects.toThrow(/another state/)

    const torn = journal.map((bytes) => bytes.slice())
    torn[5]?.fill(0, 30, 34)
    await expect(follow(new InventoryActor(0), undefined, recordsOf(torn))).rejects.toThrow(JournalFault)
    await expect(follow(new InventoryActor(0), undefined, recordsOf(journal, 3))).rejects.toThrow(/does not follow/)
  })

  test('SNP-3 makes a snapshot from which, with the records after it, a new owner recovers', async () => {
    const store = new MemoryStore()
    const { epoch } = await store.claim(name)
    const rig = new InventoryRig()
    rig.configure(settingsOf({ stock: 40 }))
    let stored = 0
    const keep = async (): Promise<Position> => {
      for (; stored < rig.journal.length; stored++) {
        await store.append(name, { epoch, seq: stored + 1 }, rig.journal[stored] ?? new Uint8Array())
      }
      return { epoch, seq: stored }
    }
    const follower = inlineFollower(store, () => new InventoryActor(0))
    const nothing = await follower.follow(name)
    expect(nothing.position).toEqual(journalStart)
    for (let round = 0; round < 3; round++) {
      busy(rig, 100 * round, 100)
      const end = await keep()
      const followed = await follower.follow(name)
      expect(followed.position).toEqual(end)
      expect(await store.writeSnapshot(name, followed)).toBe('stored')
      expect(await store.writeSnapshot(name, followed)).toBe('older')
      expect(store.journalLength(name)).toBe(0)
    }
    busy(rig, 300, 50)
    await keep()
    const recovered = await follower.follow(name)
    expect(recovered.digest).toBe(rig.actor.digest())
  })
})
