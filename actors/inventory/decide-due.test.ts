import { describe, expect, test } from 'vitest'
import { held, InventoryRig, settingsOf, start } from '../testing/inventory-rig.ts'
import { requestMemoryMs } from './former-requests.ts'

const opened = start + 50

function rigWith(overrides: Parameters<typeof settingsOf>[0] = {}): InventoryRig {
  const rig = new InventoryRig()
  rig.configure(settingsOf(overrides))
  return rig
}

function buyAll(rig: InventoryRig, ...users: string[]): void {
  for (const user of users) rig.buy(user)
}

describe('time', () => {
  test('INV-20 a hold ends at its deadline, not before, and its unit goes to the head of the line', () => {
    const rig = rigWith({ stock: 1 })
    buyAll(rig, 'ann', 'bob', 'cat')
    rig.pass(10_000)
    expect(rig.claim('ann')).toEqual(held(1, opened + 10_025))
    rig.pass(50)
    expect(rig.claim('ann')).toEqual({ state: 'expired' })
    expect(rig.claim('bob')).toEqual(held(2, opened + 10_050 + 10_025))
    expect(rig.claim('cat')).toMatchObject({ state: 'queued', ahead: 0 })
    expect(rig.units()).toEqual([0, 1, 0, 0])
  })

  test('INV-21 opens by itself at its time, and at once if that has passed', () => {
    const rig = new InventoryRig()
    rig.configure(settingsOf({ opensAt: start + 1_025 }))
    expect(rig.status().state).toBe('scheduled')
    rig.pass(950)
    expect(rig.status().state).toBe('scheduled')
    rig.pass(50)
    expect(rig.status().state).toBe('open')
    const past = rigWith({ sku: 'shoe', opensAt: 0 })
    expect(past.status().state).toBe('open')
  })

  test('INV-22 quantities are all or nothing: the head waits for all its units and is not overtaken', () => {
    const rig = rigWith({ stock: 3, perUserMax: 3 })
    rig.buy('ann')
    rig.buy('bob', { qty: 2 })
    rig.buy('cat', { qty: 3 })
    rig.buy('dan')
    rig.leave('bob')
    expect(rig.line()).toEqual(['cat', 'dan'])
    expect(rig.units()).toEqual([2, 1, 0, 0])
    rig.leave('ann')
    expect(rig.claim('cat')).toEqual(held(3, opened + 10_025, 3))
    expect(rig.line()).toEqual(['dan'])
  })

  test('INV-23 a head that can no longer be filled ends as sold out, and the next is served', () => {
    const rig = rigWith({ stock: 3, perUserMax: 3 })
    rig.buy('ann')
    rig.buy('bob', { qty: 2 })
    rig.buy('cat', { qty: 3 })
    rig.buy('dan', { qty: 2 })
    rig.buy('eve')
    rig.checkout('ann')
    rig.settle(1, 'paid')
    expect(rig.claim('cat')).toEqual({ state: 'soldout' })
    expect(rig.line()).toEqual(['dan', 'eve'])
    rig.leave('bob')
    expect(rig.claim('dan')).toEqual(held(4, opened + 10_025, 2))
    rig.checkout('dan')
    rig.settle(4, 'paid')
    expect(rig.claim('eve')).toEqual({ state: 'soldout' })
    expect(rig.units()).toEqual([0, 0, 0, 3])
  })

  test('INV-24 units that come free at once go to as many from the head as they fill', () => {
    const rig = rigWith({ stock: 4, perUserMax: 3 })
    rig.buy('ann', { qty: 3 })
    rig.buy('bob')
    rig.buy('cat', { qty: 2 })
    rig.buy('dan')
    rig.buy('eve', { qty: 2 })
    rig.pass(10_050)
    expect([rig.claim('cat'), rig.claim('dan')]).toEqual([held(3, rig.now + 10_025, 2), held(4, rig.now + 10_025)])
    expect(rig.line()).toEqual(['eve'])
    expect(rig.units()).toEqual([1, 3, 0, 0])
  })

  test('INV-25 grantsPerSecond bounds holds for newcomers and for the line alike', () => {
    const rig = rigWith({ stock: 100, grantsPerSecond: 10 })
    const users = Array.from({ length: 30 }, (_, i) => `u${i}`)
    rig.batch(users.map((user) => ({ op: 'buy' as const, sku: 'shoe', user })))
    const heldAfter = (ms: number): number | undefined => {
      rig.pass(ms)
      return rig.units()[1]
    }
    const [, first] = rig.units()
    // A burst makes up for at most 100 ms in which nothing was granted.
    expect(first).toBe(2)
    expect(heldAfter(50)).toBe(2)
    expect(heldAfter(50)).toBe(3)
    expect(heldAfter(400)).toBe(5)
    for (let i = 0; i < 10; i++) rig.pass(100)
    expect(rig.units()[1]).toBe(15)
    rig.buy('late')
    expect(rig.line().at(-1)).toBe('late')
    for (let i = 0; i < 20; i++) rig.pass(100)
    expect([rig.line().length, rig.units()[1]]).toEqual([0, 31])
  })

  test('INV-26 a claim that ended is put away when its requests are forgotten; who bought stays, for the limit', () => {
    const rig = rigWith({ stock: 2, perUserMax: 1 })
    buyAll(rig, 'ann', 'bob', 'cat')
    rig.checkout('ann')
    rig.settle(1, 'paid')
    rig.leave('bob')
    rig.leave('cat')
    rig.pass(requestMemoryMs - 50)
    expect(['ann', 'bob', 'cat'].map((user) => rig.reportsOf(user).length)).toEqual([1, 1, 1])
    rig.pass(50)
    expect(['ann', 'bob', 'cat'].map((user) => rig.reportsOf(user).length)).toEqual([1, 0, 0])
    expect(rig.buy('ann')).toBe('LIMIT_REACHED')
    expect(rig.claim('bob')).toEqual({ state: 'none' })
  })

  test('INV-27 a user who came back before that is not forgotten with the older claim', () => {
    const rig = rigWith()
    rig.buy('ann')
    rig.leave('ann')
    rig.pass(requestMemoryMs - 5_000)
    rig.buy('ann')
    rig.pass(5_000)
    expect(rig.claim('ann')).toEqual(held(2, rig.now - 5_000 + 10_025))
  })

  test('INV-28 thousands of deadlines at once are worked off in portions, and every unit finds its next in line', () => {
    const rig = rigWith({ stock: 6_000 })
    const buyers = (name: string, count: number) =>
      Array.from({ length: count }, (_, i) => ({ op: 'buy' as const, sku: 'shoe', user: `${name}${i}` }))
    rig.batch(buyers('holder', 6_000))
    rig.batch(buyers('waiter', 9_000))
    rig.now += 10_050
    let ticks = 1
    while (rig.tick()) ticks++
    expect(ticks).toBeGreaterThan(1)
    expect(rig.status()).toEqual({ available: 0, held: 6_000, ordered: 0, sold: 0, waiting: 3_000, state: 'open' })
    expect(rig.claim('waiter5999')).toMatchObject({ state: 'held' })
    expect(rig.claim('waiter6000')).toMatchObject({ state: 'queued', ahead: 0 })
  })
})

test('INV-29 thousands of holds that end with nobody waiting are all released, portion by portion', () => {
  const rig = rigWith({ stock: 10_000 })
  rig.batch(Array.from({ length: 10_000 }, (_, i) => ({ op: 'buy' as const, sku: 'shoe', user: `u${i}` })))
  rig.now += 10_050
  let ticks = 1
  while (rig.tick()) ticks++
  expect(ticks).toBe(3)
  expect(rig.units()).toEqual([10_000, 0, 0, 0])
})

describe('a pause', () => {
  test('INV-30 stops new claims and grants, and keeps places', () => {
    const rig = rigWith({ stock: 1 })
    buyAll(rig, 'ann', 'bob')
    expect(rig.setPhase('paused')).toMatchObject({ state: 'paused' })
    expect(rig.buy('cat')).toBe('PAUSED')
    rig.leave('ann')
    expect(rig.units()).toEqual([1, 0, 0, 0])
    expect(rig.claim('bob')).toMatchObject({ state: 'queued', ahead: 0 })
    rig.setPhase('open')
    expect(rig.claim('bob')).toEqual(held(2, rig.now + 10_025))
  })

  test('INV-31 freezes the time of holds: each has as much left afterwards as before', () => {
    const rig = rigWith({ stock: 2 })
    rig.buy('ann')
    rig.pass(4_000)
    rig.buy('bob')
    rig.setPhase('paused')
    rig.pass(60_000)
    expect(rig.claim('ann')).toEqual(held(1, opened + 10_025 + 60_000))
    expect(rig.units()).toEqual([0, 2, 0, 0])
    rig.setPhase('open')
    rig.pass(6_000)
    expect(rig.claim('ann')).toEqual(held(1, opened + 10_025 + 60_000))
    rig.pass(50)
    expect(rig.claim('ann')).toEqual({ state: 'expired' })
    rig.pass(3_950)
    expect(rig.claim('bob')).toEqual(held(2, opened + 4_000 + 10_025 + 60_000))
    rig.pass(50)
    expect(rig.claim('bob')).toEqual({ state: 'expired' })
  })

  test('INV-32 adds up with other pauses, and does not stop payments', () => {
    const rig = rigWith({ stock: 2 })
    buyAll(rig, 'ann', 'bob')
    rig.checkout('bob')
    for (let i = 0; i < 3; i++) {
      rig.setPhase('paused')
      rig.pass(10_000)
      rig.setPhase('open')
      rig.pass(1_000)
    }
    expect(rig.claim('ann')).toEqual(held(1, opened + 10_025 + 30_000))
    expect(rig.claim('bob')).toMatchObject({ state: 'overdue' })
    rig.setPhase('paused')
    expect(rig.checkout('ann')).toMatchObject({ state: 'pending' })
    expect(rig.settle(1, 'paid')).toMatchObject({ state: 'paid' })
  })

  test('INV-33 tells people in line that nothing is left when the last unit is sold meanwhile', () => {
    const rig = rigWith({ stock: 1 })
    buyAll(rig, 'ann', 'bob')
    rig.checkout('ann')
    rig.setPhase('paused')
    rig.settle(1, 'paid')
    expect(rig.claim('bob')).toEqual({ state: 'soldout' })
  })
})

describe('time without an owner', () => {
  test('INV-34 extends holds and payments by its length', () => {
    const rig = rigWith({ stock: 3 })
    buyAll(rig, 'ann', 'bob')
    rig.checkout('bob')
    rig.recover(undefined, 0, 100_000)
    rig.pass(0)
    expect(rig.claim('ann')).toEqual(held(1, opened + 10_025 + 100_000))
    rig.pass(10_000)
    expect(rig.units()).toEqual([1, 1, 1, 0])
    rig.pass(50)
    expect(rig.units()).toEqual([2, 0, 1, 0])
    rig.pass(19_950)
    expect(rig.claim('bob')).toMatchObject({ state: 'pending' })
    rig.pass(50)
    expect(rig.claim('bob')).toMatchObject({ state: 'overdue' })
  })

  test('INV-35 within a pause is not counted twice for holds', () => {
    const rig = rigWith()
    rig.buy('ann')
    rig.setPhase('paused')
    rig.pass(1_000)
    rig.recover(undefined, 0, 50_000)
    rig.pass(0)
    rig.setPhase('open')
    const pausedMs = 51_000
    expect(rig.claim('ann')).toEqual(held(1, opened + 10_025 + pausedMs))
    rig.pass(10_050)
    expect(rig.claim('ann')).toEqual({ state: 'expired' })
  })
})

test('INV-36 what happens in one SKU of a shard leaves the others alone', () => {
  const rig = rigWith({ stock: 1 })
  rig.ask({ op: 'configure', payload: { settings: settingsOf({ sku: 'sock', stock: 2 }), incarnation: 'inc2' } })
  rig.pass(50)
  buyAll(rig, 'ann', 'bob')
  rig.buy('ann', { sku: 'sock' })
  rig.setPhase('closed')
  expect(rig.claim('bob')).toEqual({ state: 'soldout' })
  expect([rig.units('shoe'), rig.units('sock')]).toEqual([
    [0, 1, 0, 0],
    [1, 1, 0, 0],
  ])
  expect(rig.status('sock').state).toBe('open')
  expect(rig.reportsOf('ann').map((one) => [one.sku, one.claim])).toEqual([
    ['shoe', 1],
    ['sock', 1],
  ])
})
