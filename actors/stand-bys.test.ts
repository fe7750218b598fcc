import { beforeEach, expect, test } from 'vitest'
import { shardName, type ShardName } from '../cluster/store.ts'
import { StandBys } from './stand-bys.ts'
import { InventoryRig, settingsOf } from './testing/inventory-rig.ts'
import { ManualWorld } from './testing/manual-world.ts'
import { MemoryStore } from './testing/memory-store.ts'
import { WorkTurns } from './work-turns.ts'

const name = shardName('inv', 0)
let world: ManualWorld
let rig: InventoryRig
let standBys: StandBys

beforeEach(async () => {
  world = new ManualWorld()
  rig = new InventoryRig()
  rig.configure(settingsOf({ stock: 5 }))
  const store = new MemoryStore()
  const { epoch } = await store.claim(name)
  for (const [i, bytes] of rig.journal.entries()) await store.append(name, { epoch, seq: i + 1 }, bytes)
  standBys = new StandBys(store, world, new WorkTurns(world).take)
})

test('OWN-58 a shard that was read ahead is there for whoever opens it, once', async () => {
  await prepare(name)
  expect(standBys.take(name)?.actor.digest()).toBe(rig.actor.digest())
  expect(standBys.take(name)).toBeUndefined()
})

test('OWN-58 one that never comes is forgotten, and only so many are kept', async () => {
  await prepare(name)
  await world.pass(20_000)
  expect(standBys.take(name)).toBeUndefined()
  const names = Array.from({ length: 20 }, (_, shard) => shardName('inv', shard))
  for (const one of names) await prepare(one)
  expect(names.filter((one) => standBys.take(one) !== undefined)).toHaveLength(16)
  standBys.close()
})

/** Reading takes turns with everything else, and none of the time after which a shard is forgotten. */
async function prepare(shard: ShardName): Promise<void> {
  const prepared = standBys.prepare(shard)
  await world.pass(0)
  await prepared
}
