import { describe, expect, test } from 'vitest'
import type { Ask } from '../testing/asks.ts'
import { held, InventoryRig, settingsOf, short, start } from '../testing/inventory-rig.ts'
import { requestMemoryMs } from './former-requests.ts'

/** The moment after `configure`, when the sale has opened. */
const opened = start + 50
const firstHoldEnds = opened + 10_025

function rigWith(overrides: Parameters<typeof settingsOf>[0] = {}): InventoryRig {
  const rig = new InventoryRig()
  rig.configure(settingsOf(overrides))
  return rig
}

function queued(ticket: number, ahead: number, odds = 'likely'): object {
  return { state: 'queued', ticket, ahead, eta: null, odds }
}

describe('buy', () => {
  test('INV-1 takes free units as a hold with a deadline', () => {
    const rig = rigWith()
    expect(rig.buy('ann')).toEqual(held(1, firstHoldEnds))
    expect(rig.buy('bob', { qty: 2 })).toEqual(held(2, firstHoldEnds, 2))
    expect(rig.units()).toEqual([0, 3, 0, 0])
    expect(rig.claim('ann')).toEqual(held(1, firstHoldEnds))
    const answer = rig.ask({ op: 'claim', sku: 'shoe', user: 'bob' })
    expect([answer.claim, answer.claimKind]).toEqual([2, 2])
  })

  test('INV-2 joins the line when every unit is taken but some can still come free', () => {
    const rig = rigWith({ stock: 1 })
    rig.buy('ann')
    expect(rig.buy('bob')).toEqual(queued(2, 0, 'likely'))
    expect(rig.buy('cat')).toEqual(queued(3, 1, 'unlikely'))
    expect(rig.units()).toEqual([0, 1, 0, 0])
    expect(rig.line()).toEqual(['bob', 'cat'])
    const answer = rig.ask({ op: 'claim', sku: 'shoe', user: 'cat' })
    expect([answer.claim, answer.claimKind]).toEqual([3, 1])
  })

  test('INV-3 is sold out when fewer units than asked for are free or can come free', () => {
    const rig = rigWith({ stock: 1 })
    expect(rig.buy('ann', { qty: 2 })).toBe('SOLD_OUT')
    rig.buy('bob')
    rig.checkout('bob')
    expect(rig.buy('cat')).toEqual(queued(2, 0))
    rig.settle(1, 'paid')
    expect(rig.claim('cat')).toEqual({ state: 'soldout' })
    expect(rig.buy('dan')).toBe('SOLD_OUT')
    expect(rig.units()).toEqual([0, 0, 0, 1])
  })

  test('INV-4 the same request again gets the same claim and takes nothing more', () => {
    const rig = rigWith({ stock: 2 })
    const first = { op: 'buy', sku: 'shoe', user: 'ann', request: 'r1' } as const
    const answers = rig.batch([first, first, { ...first, qty: 2 }])
    expect(answers.map(short)).toEqual([held(1, firstHoldEnds), held(1, firstHoldEnds), held(1, firstHoldEnds)])
    expect(rig.units()).toEqual([1, 1, 0, 0])
  })

  test.each<{ readonly end: string; readonly by: (rig: InventoryRig) => void; readonly state: unknown }>([
    { end: 'expired', by: (rig) => rig.pass(10_050), state: { state: 'expired' } },
    { end: 'given up', by: (rig) => rig.leave('ann'), state: { state: 'none' } },
    {
      end: 'declined',
      by: (rig) => {
        rig.checkout('ann')
        rig.settle(1, 'declined')
      },
      state: expect.objectContaining({ state: 'declined' }),
    },
  ])('INV-5 a copy of a request whose claim has $end begins no other; a new request does', ({ by, state }) => {
    const rig = rigWith()
    rig.buy('ann', { request: 'r1' })
    by(rig)
    expect(rig.buy('ann', { request: 'r1' })).toEqual(state)
    expect(rig.units()).toEqual([3, 0, 0, 0])
    expect(rig.buy('ann', { request: 'r2' })).toEqual(held(2, rig.now + 10_025))
  })

  test('INV-6 a copy of a request finds the claim that has replaced its own, until requests are forgotten', () => {
    const rig = rigWith()
    rig.buy('ann', { request: 'r1' })
    rig.leave('ann')
    rig.buy('ann', { request: 'r2' })
    rig.leave('ann')
    expect(rig.buy('ann', { request: 'r1' })).toEqual({ state: 'none' })
    expect(rig.buy('bob', { request: 'r1' }), 'a request id is its user’s').toEqual(held(3, rig.now + 10_025))
    rig.pass(requestMemoryMs + 50)
    expect(rig.buy('ann', { request: 'r1' })).toEqual(held(4, rig.now + 10_025))
  })

  test('INV-7 without a request id every call stands for itself', () => {
    const rig = rigWith()
    rig.buy('ann')
    rig.leave('ann')
    expect(rig.buy('ann')).toEqual(held(2, firstHoldEnds))
  })

  test('INV-8 a user with a live claim gets its state, whatever else was asked for', () => {
    const rig = rigWith({ stock: 2 })
    rig.buy('ann', { qty: 2, request: 'r1' })
    rig.buy('bob', { request: 'r1' })
    expect(rig.buy('ann', { request: 'r2' })).toEqual(held(1, firstHoldEnds, 2))
    expect(rig.buy('ann', { qty: 100 })).toEqual(held(1, firstHoldEnds, 2))
    expect(rig.buy('bob', { request: 'r2', qty: 2 })).toEqual(queued(2, 0))
    rig.checkout('ann')
    expect(rig.buy('ann', { request: 'r3' })).toMatchObject({ state: 'pending', qty: 2 })
    rig.setPhase('paused')
    expect(rig.buy('bob', { request: 'r3' })).toEqual(queued(2, 0))
    expect(rig.line()).toEqual(['bob'])
  })

  test('INV-9 nobody gets more units than the limit, bought ones included', () => {
    const rig = rigWith({ stock: 9, perUserMax: 3 })
    expect(rig.buy('ann', { qty: 4 })).toBe('LIMIT_REACHED')
    rig.buy('ann', { qty: 2 })
    rig.checkout('ann')
    rig.settle(1, 'paid')
    expect(rig.buy('ann', { qty: 2 })).toBe('LIMIT_REACHED')
    expect(rig.buy('ann', { qty: 1 })).toEqual(held(2, rig.now + 10_025))
    rig.checkout('ann')
    rig.settle(2, 'paid')
    expect(rig.buy('ann', { qty: 1 })).toBe('LIMIT_REACHED')
    expect(rig.units()).toEqual([6, 0, 0, 3])
  })

  test('INV-10 the limit is looked at before the phase for a user who bought, and units come last', () => {
    const rig = rigWith({ stock: 2 })
    rig.buy('ann', { qty: 2 })
    rig.checkout('ann')
    rig.settle(1, 'paid')
    expect(rig.buy('ann')).toBe('LIMIT_REACHED')
    expect(rig.buy('bob', { qty: 5 })).toBe('LIMIT_REACHED')
    expect(rig.buy('bob')).toBe('SOLD_OUT')
    rig.setPhase('closed')
    expect(rig.buy('ann')).toBe('LIMIT_REACHED')
    expect(rig.buy('bob')).toBe('CLOSED')
  })

  test('INV-11 a request that was refused for good stays refused when units come in later; another request is taken', () => {
    const rig = rigWith({ stock: 1 })
    rig.buy('ann')
    rig.checkout('ann')
    rig.settle(1, 'paid')
    expect(rig.buy('bob', { request: 'r1' })).toBe('SOLD_OUT')
    rig.restock(5)
    expect(rig.buy('bob', { request: 'r1' })).toBe('SOLD_OUT')
    expect(rig.buy('cat', { request: 'r1' })).toEqual(held(2, firstHoldEnds))
    expect(rig.buy('bob', { request: 'r2' })).toEqual(held(3, firstHoldEnds))
    rig.leave('bob')
    expect(rig.buy('bob', { request: 'r1' })).toBe('SOLD_OUT')
    rig.pass(requestMemoryMs + 50)
    expect(rig.buy('bob', { request: 'r1' })).toEqual(held(4, rig.now + 10_025))
  })

  test('INV-12 a request that came too early may be made again as it is', () => {
    const rig = new InventoryRig()
    rig.configure(settingsOf({ opensAt: start + 60_025 }))
    const call = { op: 'buy', sku: 'shoe', user: 'ann', request: 'r1' } as const satisfies Ask
    expect(rig.ask(call).error).toMatchObject({ code: 'NOT_OPEN', retryAfterMs: 60_025 - 50 })
    rig.pass(59_950)
    expect(short(rig.ask(call))).toBe('NOT_OPEN')
    rig.pass(100)
    expect(short(rig.ask(call))).toEqual(held(1, rig.now + 10_025))
    rig.leave('ann')
    rig.setPhase('paused')
    expect(rig.buy('bob', { request: 'r1' })).toBe('PAUSED')
    rig.setPhase('open')
    expect(rig.buy('bob', { request: 'r1' })).toEqual(held(2, rig.now + 10_025))
  })

  test('INV-13 a full line takes nobody, and takes the same request when there is room', () => {
    const rig = rigWith({ stock: 1, lineMax: 2 })
    for (const user of ['ann', 'bob', 'cat']) rig.buy(user)
    expect(rig.buy('dan', { request: 'r1' })).toBe('LINE_FULL')
    rig.leave('bob')
    expect(rig.buy('dan', { request: 'r1' })).toEqual(queued(4, 1, 'unlikely'))
  })

  test('INV-14 the users that a SKU remembers are bounded, and ended ones make room', () => {
    const rig = rigWith({ stock: 2, usersMax: 3 })
    for (const user of ['ann', 'bob', 'cat']) rig.buy(user)
    expect(rig.buy('dan', { request: 'r1' })).toBe('BUSY')
    rig.leave('cat')
    expect(rig.buy('cat'), 'who is known already is no further user').toEqual(queued(4, 0))
    rig.leave('cat')
    expect(rig.buy('dan', { request: 'r1' })).toBe('BUSY')
    rig.pass(requestMemoryMs + 50)
    expect(rig.buy('dan', { request: 'r1' })).toEqual(held(5, rig.now + 10_025))
  })

  test('INV-15 a newcomer never overtakes the line, even past a head that needs more units than are free', () => {
    const rig = rigWith({ stock: 3 })
    rig.buy('ann', { qty: 2 })
    expect(rig.buy('bob', { qty: 2 })).toEqual(queued(2, 0))
    expect(rig.units()).toEqual([1, 2, 0, 0])
    expect(rig.buy('cat')).toEqual(queued(3, 1))
    rig.leave('bob')
    expect(rig.claim('cat')).toEqual(held(3, rig.now + 10_025))
  })

  test('INV-16 a batch decides its calls one after the other', () => {
    const rig = rigWith({ stock: 1 })
    const answers = rig.batch([
      { op: 'buy', sku: 'shoe', user: 'ann' },
      { op: 'buy', sku: 'shoe', user: 'bob' },
      { op: 'leave', sku: 'shoe', user: 'ann' },
      { op: 'claim', sku: 'shoe', user: 'bob' },
      { op: 'buy', sku: 'shoe', user: 'cat' },
      { op: 'claim', sku: 'sock', user: 'cat' },
    ])
    expect(answers.map(short)).toEqual([
      held(1, firstHoldEnds),
      queued(2, 0),
      { state: 'none' },
      queued(2, 0),
      queued(3, 1, 'unlikely'),
      'UNKNOWN_SKU',
    ])
    expect(rig.claim('bob')).toEqual(held(2, firstHoldEnds))
  })
})

describe('leave', () => {
  test('INV-17 gives up a ticket: everybody behind moves up', () => {
    const rig = rigWith({ stock: 1 })
    for (const user of ['ann', 'bob', 'cat', 'dan']) rig.buy(user)
    expect(rig.leave('cat')).toEqual({ state: 'none' })
    expect(rig.claim('cat')).toEqual({ state: 'none' })
    expect(rig.claim('dan')).toEqual(queued(4, 1, 'unlikely'))
    expect(rig.line()).toEqual(['bob', 'dan'])
  })

  test('INV-18 releases a hold: its units go to the head of the line', () => {
    const rig = rigWith({ stock: 2 })
    rig.buy('ann', { qty: 2 })
    rig.buy('bob')
    rig.buy('cat')
    rig.pass(1_000)
    expect(rig.leave('ann')).toEqual({ state: 'none' })
    expect(rig.claim('bob')).toEqual(held(2, rig.now + 10_025))
    expect(rig.claim('cat')).toEqual(held(3, rig.now + 10_025))
    expect(rig.units()).toEqual([0, 2, 0, 0])
  })

  test('INV-19 has nothing to give up for a user without a claim, and leaves an order alone', () => {
    const rig = rigWith()
    expect(rig.leave('ann')).toEqual({ state: 'none' })
    rig.buy('ann')
    rig.checkout('ann')
    expect(rig.leave('ann')).toMatchObject({ state: 'pending' })
    rig.settle(1, 'paid')
    rig.leave('ann')
    expect(rig.claim('ann')).toMatchObject({ state: 'paid' })
    expect(rig.units()).toEqual([2, 0, 0, 1])
    const journaled = rig.journal.length
    rig.leave('bob')
    expect(rig.journal.length, 'leaving nothing changes nothing').toBe(journaled)
  })
})

test('INV-92 a request that was told of the claim of another one begins nothing when that claim has ended', () => {
  const rig = rigWith({ perUserMax: 2 })
  rig.buy('ann', { request: 'r1' })
  expect(rig.buy('ann', { request: 'r2' })).toEqual(held(1, firstHoldEnds))
  rig.leave('ann')
  expect(rig.buy('ann', { request: 'r2' })).toEqual({ state: 'none' })
  expect(rig.buy('ann', { request: 'r3' })).toMatchObject({ state: 'held', hold: 2 })
})

test('INV-90 a copy of a leave that had nothing to give up gives up nothing that came after it, also of who had no claim at all', () => {
  const rig = rigWith()
  expect(rig.leave('ann', 'l1')).toEqual({ state: 'none' })
  rig.buy('ann')
  const kept = held(1, firstHoldEnds)
  expect(rig.leave('ann', 'l1')).toEqual(kept)
  rig.recover(undefined, 0, 0)
  expect(rig.leave('ann', 'l1')).toEqual(kept)
  expect(rig.leave('ann', 'l2')).toEqual({ state: 'none' })
})

test('INV-90 a copy of a leave that comes late gives up nothing that came after it, also after a restart, until requests are forgotten', () => {
  const rig = rigWith()
  rig.buy('ann')
  rig.leave('ann', 'l1')
  rig.buy('ann')
  const kept = held(2, rig.now + 10_025)
  expect(rig.leave('ann', 'l1')).toEqual(kept)
  rig.recover(undefined, 0, 0)
  expect(rig.leave('ann', 'l1')).toEqual(kept)
  expect(rig.leave('ann', 'l2')).toEqual({ state: 'none' })
  expect(rig.leave('ann', 'l3'), 'there is nothing to give up').toEqual({ state: 'none' })
  rig.buy('ann')
  expect(rig.leave('ann', 'l3')).toMatchObject({ state: 'held' })
  rig.pass(requestMemoryMs + 50)
  rig.buy('ann')
  expect(rig.leave('ann', 'l3')).toEqual({ state: 'none' })
})
