import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { inlineFollower } from '../actors/compaction/follower.ts'
import { InventoryActor } from '../actors/inventory/inventory-actor.ts'
import { InventoryRig, settingsOf } from '../actors/testing/inventory-rig.ts'
import { openLmdbStore } from '../cluster/lmdb-store.ts'
import { shardName, type Store } from '../cluster/store.ts'
import { delay } from '../cluster/world.ts'
import { FollowerThread } from './follower-thread.ts'
import { createLog } from './log.ts'
import { realWorld } from './world.ts'

const name = shardName('inv', 0)

describe('a follower thread', () => {
  let folder: string
  let store: Store
  let follower: FollowerThread
  let epoch: number
  const world = realWorld(createLog({ level: 'error', pretty: false, colours: false }))
  const rig = { current: new InventoryRig(), stored: 0 }

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'sluice-follow-'))
    store = await openLmdbStore({ folder, durability: 'fsync', archiveDays: 1, shards: { inv: 1, ses: 1 }, world, reserveBytes: 0 })
    const lease = await store.claim(name, 'test')
    if (lease === 'taken') throw new Error('a new folder has an owner')
    epoch = lease.epoch
    await store.open(name, epoch)
    follower = new FollowerThread({ kind: 'folder', folder })
    rig.current = new InventoryRig()
    rig.stored = 0
    rig.current.configure(settingsOf({ stock: 40 }))
  })

  afterEach(async () => {
    await follower.close()
    await store.close()
    rmSync(folder, { recursive: true })
  })

  async function sell(people: number): Promise<void> {
    const { journal } = rig.current
    for (let i = 0; i < people; i++) rig.current.ask({ op: 'buy', sku: 'shoe', user: `user-${journal.length}`, request: 'r' })
    for (; rig.stored < journal.length; rig.stored++) {
      await store.append(name, { epoch, seq: rig.stored + 1 }, journal[rig.stored] ?? new Uint8Array())
    }
  }

  test('SNP-9 makes the snapshot of a folder that its owner goes on writing to', async () => {
    await sell(100)
    const followed = await follower.follow(name)
    expect(followed.digest).toBe(rig.current.actor.digest())
    expect(followed.position).toEqual({ epoch, seq: rig.stored })
    expect(await store.writeSnapshot(name, followed)).toBe('stored')

    const [, second] = await Promise.all([sell(100), follower.follow(name)])
    expect(second.position.seq).toBeGreaterThanOrEqual(followed.position.seq)
    const last = await follower.follow(name)
    expect(last.digest).toBe(rig.current.actor.digest())
    const inline = await inlineFollower(store, () => new InventoryActor(0)).follow(name)
    expect(Buffer.concat(last.chunks).equals(Buffer.concat(inline.chunks))).toBe(true)
  })

  test('SNP-10 says so when the folder cannot be followed', async () => {
    await expect(new FollowerThread({ kind: 'folder', folder: join(folder, 'missing') }).follow(name)).rejects.toThrow(
      /no data in the folder/,
    )
    await expect(follower.follow(shardName('ses', 0))).rejects.toThrow('ses.0 is not an inventory shard')
  })

  test('SNP-11 ends with the call under way when it closes, and takes no other', async () => {
    await sell(10)
    // Different moments of a thread's life; whichever they hit, the outcome is one of these.
    for (const waitMs of [0, 5, 20, 40, 60, 80, 100]) {
      const closing = new FollowerThread({ kind: 'folder', folder })
      const call = closing.follow(name).then(
        () => 'made',
        (error: unknown) => String(error),
      )
      await delay(world.timers, waitMs)
      await closing.close()
      expect(await call).toMatch(/^(made|Error: the node is closing|Error: nobody waits for the snapshot any more)$/)
      await expect(closing.follow(name)).rejects.toThrow('the node is closing')
    }
    // The folder took no harm from threads that ended in the middle.
    await sell(10)
    expect((await follower.follow(name)).digest).toBe(rig.current.actor.digest())
  })
})
