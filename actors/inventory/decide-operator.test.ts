import { describe, expect, test } from 'vitest'
import { held, incarnation, InventoryRig, settingsOf, short, start } from '../testing/inventory-rig.ts'

const opened = start + 50

function rigWith(overrides: Parameters<typeof settingsOf>[0] = {}): InventoryRig {
  const rig = new InventoryRig()
  rig.configure(settingsOf(overrides))
  return rig
}

function configure(rig: InventoryRig, overrides: Parameters<typeof settingsOf>[0]): unknown {
  return short(rig.ask({ op: 'configure', payload: { settings: settingsOf(overrides), incarnation } }))
}

describe('configure', () => {
  test('INV-40 makes a SKU with its stock; the same again changes nothing', () => {
    const rig = new InventoryRig()
    const asked = { op: 'configure', payload: { settings: settingsOf({ opensAt: start + 5_025 }), incarnation } } as const
    expect(rig.buy('ann')).toBe('UNKNOWN_SKU')
    expect(short(rig.ask(asked))).toEqual({ sku: 'shoe', available: 3, held: 0, ordered: 0, sold: 0, waiting: 0, state: 'scheduled' })
    const journaled = rig.journal.length
    expect(
      short(rig.ask({ ...asked, payload: { settings: settingsOf({ opensAt: start + 5_025 }), incarnation: 'another' } })),
    ).toMatchObject({ available: 3 })
    expect(rig.journal.length).toBe(journaled)
  })

  test('INV-41 refuses other settings under a name that is taken', () => {
    const rig = rigWith()
    const answer = rig.ask({ op: 'configure', payload: { settings: settingsOf({ stock: 4 }), incarnation } })
    expect(answer.error?.code).toBe('FORBIDDEN')
    expect(answer.error?.message).toContain('shoe')
    expect(rig.units()).toEqual([3, 0, 0, 0])
  })

  test('INV-42 makes as many SKUs in a shard as asked for, each found by its name', () => {
    const rig = new InventoryRig()
    for (let i = 0; i < 300; i++) configure(rig, { sku: `sku-${i}`, stock: i })
    rig.pass(50)
    for (const i of [0, 7, 299, 7]) expect(rig.units(`sku-${i}`)).toEqual([i, 0, 0, 0])
    expect(rig.buy('ann', { sku: 'sku-7' })).toMatchObject({ state: 'held' })
    expect(rig.buy('ann', { sku: 'sku-70' })).toMatchObject({ state: 'held' })
    expect(rig.buy('ann', { sku: 'sku-300' })).toBe('UNKNOWN_SKU')
    expect(rig.buy('ann', { sku: 'sku-0' })).toBe('SOLD_OUT')
  })
})

describe('phases', () => {
  test('INV-43 a sale can be opened early, and then does not open again', () => {
    const rig = rigWith({ opensAt: start + 60_025 })
    expect(rig.setPhase('paused')).toBe('NOT_OPEN')
    expect(rig.setPhase('open')).toMatchObject({ state: 'open' })
    expect(rig.setPhase('open')).toMatchObject({ state: 'open' })
    rig.setPhase('paused')
    rig.pass(60_050)
    expect(rig.status().state).toBe('paused')
  })

  test('ABS-12 a SKU of an older version takes the same sale file again, and ends no place', () => {
    const rig = new InventoryRig()
    const { absenceMs: _none, ...older } = settingsOf({ stock: 1 })
    rig.configure(older)
    rig.buy('ann')
    rig.buy('bob')
    rig.configure(settingsOf({ stock: 1 }))
    expect(rig.ask({ op: 'configure', payload: { settings: settingsOf({ stock: 2 }), incarnation } }).error?.code).toBe('FORBIDDEN')
    rig.pass(5_000)
    const away = { claim: rig.claimOf('bob'), goneMs: 5_000_000, unownedMs: [] }
    expect(rig.ask({ op: 'absent', sku: 'shoe', user: 'bob', payload: away }).result).toBe(false)
  })

  test('INV-44 close ends tickets, and lets holds and orders run out', () => {
    const rig = rigWith({ stock: 3 })
    for (const user of ['ann', 'bob', 'cat', 'dan']) rig.buy(user)
    rig.checkout('ann')
    rig.checkout('bob')
    expect(rig.setPhase('closed')).toMatchObject({ state: 'closed' })
    expect(rig.claim('dan')).toEqual({ state: 'soldout' })
    expect(rig.buy('eve')).toBe('CLOSED')
    rig.settle(1, 'paid')
    rig.settle(2, 'declined')
    expect(rig.claim('cat')).toEqual(held(3, opened + 10_025))
    expect(rig.checkout('cat')).toMatchObject({ state: 'pending' })
    rig.settle(3, 'paid')
    expect(rig.status()).toEqual({ available: 1, held: 0, ordered: 0, sold: 2, waiting: 0, state: 'closed' })
  })

  test('INV-45 close is for good', () => {
    const rig = rigWith()
    rig.setPhase('closed')
    expect(rig.setPhase('open')).toBe('CLOSED')
    expect(rig.setPhase('paused')).toBe('CLOSED')
    expect(rig.setPhase('closed')).toMatchObject({ state: 'closed' })
    expect(rig.restock(5)).toMatchObject({ available: 8, state: 'closed' })
    expect(rig.buy('ann')).toBe('CLOSED')
  })

  test('INV-46 a sale that is closed before it opens never opens', () => {
    const rig = rigWith({ opensAt: start + 1_025 })
    rig.setPhase('closed')
    rig.pass(2_000)
    expect(rig.status().state).toBe('closed')
  })

  test('INV-47 a sale that is closed while paused lets the holds have the time that they had left', () => {
    const rig = rigWith()
    rig.buy('ann')
    rig.pass(4_000)
    rig.setPhase('paused')
    rig.pass(20_000)
    rig.setPhase('closed')
    rig.pass(6_000)
    expect(rig.claim('ann')).toEqual(held(1, opened + 10_025 + 20_000))
    rig.pass(50)
    expect(rig.claim('ann')).toEqual({ state: 'expired' })
  })
})

describe('restock', () => {
  test('INV-48 adds units once per request id, and every time without one', () => {
    const rig = rigWith()
    rig.restock(5, 'r1')
    expect(rig.restock(5, 'r1')).toMatchObject({ available: 8 })
    expect(rig.restock(5, 'r2')).toMatchObject({ available: 13 })
    rig.restock(1)
    expect(rig.restock(1)).toMatchObject({ available: 15 })
    rig.recover(rig.actor.save(), rig.journal.length, 1_000)
    expect(rig.restock(5, 'r1')).toMatchObject({ available: 15 })
  })

  test('INV-49 serves the line first, and opens a SKU again that was sold out', () => {
    const rig = rigWith({ stock: 1 })
    for (const user of ['ann', 'bob', 'cat']) rig.buy(user)
    rig.restock(1)
    expect(rig.claim('bob')).toEqual(held(2, opened + 10_025))
    expect(rig.claim('cat')).toMatchObject({ state: 'queued', ahead: 0 })
    for (const [i, user] of ['ann', 'bob'].entries()) {
      rig.checkout(user)
      rig.settle(i + 1, 'paid')
    }
    expect(rig.claim('cat')).toEqual({ state: 'soldout' })
    expect(rig.buy('dan')).toBe('SOLD_OUT')
    rig.restock(1)
    expect(rig.buy('dan')).toEqual(held(4, opened + 10_025))
    expect(rig.units()).toEqual([0, 1, 0, 2])
  })
})

test('INV-50 status and lineList say what is there', () => {
  const rig = rigWith({ stock: 1, perUserMax: 5 })
  rig.buy('ann')
  for (const user of ['bob', 'cat', 'dan', 'eve']) rig.buy(user)
  rig.leave('cat')
  expect(short(rig.ask({ op: 'status', sku: 'shoe' }))).toEqual({
    sku: 'shoe',
    available: 0,
    held: 1,
    ordered: 0,
    sold: 0,
    waiting: 3,
    state: 'open',
  })
  const list = (after: number, limit: number) => short(rig.ask({ op: 'lineList', sku: 'shoe', payload: { after, limit } }))
  expect(list(0, 2)).toEqual([
    { ticket: 2, user: 'bob', qty: 1, ahead: 0 },
    { ticket: 4, user: 'dan', qty: 1, ahead: 1 },
  ])
  expect(list(4, 10)).toEqual([{ ticket: 5, user: 'eve', qty: 1, ahead: 2 }])
  expect(list(5, 10)).toEqual([])
})

test('INV-91 a copy of a pause that comes after the sale was resumed does not stop it again', () => {
  const rig = rigWith()
  rig.setPhase('paused', 'p1')
  rig.setPhase('paused', 'p2')
  rig.setPhase('open', 'o1')
  expect(rig.setPhase('paused', 'p1')).toMatchObject({ state: 'open' })
  expect(rig.setPhase('paused', 'p2')).toMatchObject({ state: 'open' })
  expect(rig.setPhase('paused', 'p3')).toMatchObject({ state: 'paused' })
  expect(rig.setPhase('open', 'o1')).toMatchObject({ state: 'paused' })
})
