import { expect, test } from 'vitest'
import { chunkBytesMax } from '../../cluster/store.ts'
import { packInner } from '../../protocol/inner-codec.ts'
import { InventoryRig, settingsOf } from '../testing/inventory-rig.ts'
import { finish } from '../work.ts'
import { InventoryActor } from './inventory-actor.ts'

/** A SKU with people in every state that there is. */
function busyRig(): InventoryRig {
  const rig = new InventoryRig()
  rig.configure(settingsOf({ stock: 9, paymentTtlMs: 20_025 }))
  for (let i = 0; i < 12; i++) rig.buy(`u${i}`, { request: `r${i}` })
  for (const user of ['u0', 'u1', 'u2', 'u3']) rig.checkout(user)
  rig.settle(1, 'paid')
  rig.settle(2, 'declined')
  rig.leave('u4')
  rig.leave('u10')
  rig.pass(20_050)
  rig.restock(4, 'more')
  rig.buy('u4', { request: 'again' })
  rig.setPhase('paused')
  return rig
}

test('JRN-8 a snapshot comes in chunks that a store takes, and gives back the whole state', () => {
  const rig = busyRig()
  const users = Array.from({ length: 20_000 }, (_, i) => `user-number-${i}`)
  rig.setPhase('open')
  rig.batch(users.map((user) => ({ op: 'buy' as const, sku: 'shoe', user })))
  const chunks = rig.actor.save()
  expect(chunks.length).toBeGreaterThan(3)
  expect(chunks.every((chunk) => chunk.length > 0 && chunk.length <= chunkBytesMax)).toBe(true)
  const copy = new InventoryActor(0)
  finish(copy.restore(chunks))
  expect(copy.digest()).toBe(rig.actor.digest())
  expect(Buffer.concat(copy.save()).equals(Buffer.concat(chunks))).toBe(true)
})

test('JRN-9 a restored owner answers everybody as the former one would have', () => {
  const rig = busyRig()
  const users = Array.from({ length: 12 }, (_, i) => `u${i}`)
  const before = users.map((user) => rig.claim(user))
  const units = rig.units()
  const chunks = rig.actor.save()
  rig.actor = new InventoryActor(0)
  finish(rig.actor.restore(chunks))
  expect(users.map((user) => rig.claim(user))).toEqual(before)
  expect(rig.units()).toEqual(units)
  expect(rig.restock(4, 'more')).toMatchObject({ available: units[0] })
  expect(rig.buy('u4', { request: 'r4' }), 'a former request').toEqual(rig.claim('u4'))
  expect(rig.reportsOfClaims(14).length).toBe(12)
})

test('JRN-10 a snapshot of another version is refused', () => {
  const chunks = [packInner({ version: 3, skus: [] })]
  expect(() => finish(new InventoryActor(0).restore(chunks))).toThrow('a snapshot has version 3; this version of Sluice reads 1 and 2')
})
