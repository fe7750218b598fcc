import { describe, expect, test } from 'vitest'
import { decodeOrderClaim } from '../../protocol/client/result-decoders.ts'
import { type OrderParts, parseOrderId } from '../../protocol/ids.ts'
import type { Plain } from '../../protocol/msgpack-writer.ts'
import { held, incarnation, InventoryRig, settingsOf, short, start } from '../testing/inventory-rig.ts'
import { requestMemoryMs } from './former-requests.ts'

const opened = start + 50

function rigWith(overrides: Parameters<typeof settingsOf>[0] = {}): InventoryRig {
  const rig = new InventoryRig()
  rig.configure(settingsOf(overrides))
  return rig
}

/** What a payment hears of what never was an order. */
const cancelled = { state: 'cancelled' }

function idOf(claim: Plain): OrderParts {
  const { order: id } = decodeOrderClaim(claim)
  const parts = parseOrderId(id)
  if (parts === undefined) throw new Error(`${id} is no order id`)
  return parts
}

function order(state: string, claim = 1, qty = 1): object {
  return { state, order: `shoe:${incarnation}:${claim.toString(36)}`, qty, amountMinor: qty * 1_999, currency: 'EUR' }
}

/** Ann's order of one unit, with the payment overdue. */
function overdueRig(overrides: Parameters<typeof settingsOf>[0] = {}): InventoryRig {
  const rig = rigWith(overrides)
  rig.buy('ann')
  rig.checkout('ann')
  rig.pass(30_050)
  return rig
}

describe('checkout', () => {
  test('ORD-1 turns a hold into an order, once, however often it is asked for', () => {
    const rig = rigWith()
    rig.buy('ann', { qty: 2 })
    expect(rig.checkout('ann', { request: 'c1' })).toEqual(order('pending', 1, 2))
    expect(rig.checkout('ann', { request: 'c1' })).toEqual(order('pending', 1, 2))
    expect(rig.checkout('ann', { request: 'c2' })).toEqual(order('pending', 1, 2))
    expect(rig.units()).toEqual([1, 0, 2, 0])
    const answer = rig.ask({ op: 'claim', sku: 'shoe', user: 'ann' })
    expect([answer.claim, answer.claimKind]).toEqual([1, 3])
    rig.settle(1, 'paid')
    expect(rig.checkout('ann', { request: 'c1' })).toEqual(order('paid', 1, 2))
  })

  test('ORD-28 a copy of a checkout that comes late does not order what the user holds by then', () => {
    const rig = rigWith()
    rig.buy('ann')
    rig.checkout('ann', { request: 'c1' })
    rig.settle(1, 'declined')
    expect(rig.buy('ann')).toMatchObject({ state: 'held' })
    expect(rig.checkout('ann', { request: 'c1' })).toBe('NO_HOLD')
    expect(rig.units()).toEqual([2, 1, 0, 0])
    expect(rig.checkout('ann', { request: 'c2' })).toMatchObject({ state: 'pending' })
  })

  test('ORD-29 a checkout that was refused orders nothing later', () => {
    const rig = rigWith()
    rig.buy('ann')
    rig.pass(10_050)
    expect(rig.checkout('ann', { request: 'c1' })).toBe('HOLD_EXPIRED')
    rig.buy('ann')
    expect(rig.checkout('ann', { request: 'c1' })).toBe('NO_HOLD')
    expect(rig.checkout('ann', { request: 'c2' })).toMatchObject({ state: 'pending' })
  })

  test('ORD-29 a checkout that was refused to who had no claim at all orders nothing later', () => {
    const rig = rigWith()
    expect(rig.checkout('ann', { request: 'c1' })).toBe('NO_HOLD')
    rig.buy('ann')
    expect(rig.checkout('ann', { request: 'c1' })).toBe('NO_HOLD')
    rig.recover(undefined, 0, 0)
    expect(rig.checkout('ann', { request: 'c1' })).toBe('NO_HOLD')
    expect(rig.checkout('ann', { request: 'c2' })).toMatchObject({ state: 'pending' })
  })

  test('ORD-32 a checkout that was told of an order of another one orders nothing later', () => {
    const rig = rigWith()
    rig.buy('ann')
    rig.checkout('ann', { request: 'c1' })
    expect(rig.checkout('ann', { request: 'c2' })).toMatchObject({ state: 'pending' })
    const journaled = rig.journal.length
    for (const request of ['c1', 'c2', 'c2']) rig.checkout('ann', { request })
    expect(rig.journal.length, 'is noted once').toBe(journaled)
    rig.settle(1, 'declined')
    rig.buy('ann')
    expect(rig.checkout('ann', { request: 'c2' })).toBe('NO_HOLD')
    expect(rig.checkout('ann', { request: 'c3' })).toMatchObject({ state: 'pending' })
  })

  test('ORD-2 needs a hold', () => {
    const rig = rigWith({ stock: 1 })
    expect(rig.checkout('ann')).toBe('NO_HOLD')
    rig.buy('ann')
    rig.buy('bob')
    expect(rig.checkout('bob')).toBe('NO_HOLD')
    rig.pass(10_050)
    expect(rig.checkout('ann')).toBe('HOLD_EXPIRED')
    expect(rig.checkout('bob')).toEqual(order('pending', 2))
    rig.leave('ann')
    rig.settle(2, 'paid')
    expect(rig.units()).toEqual([0, 0, 0, 1])
  })

  test('ORD-3 in the last moment of a hold counts, and the hold’s end no longer does', () => {
    const rig = rigWith()
    rig.buy('ann')
    rig.now = opened + 10_100
    expect(rig.checkout('ann')).toEqual(order('pending'))
    rig.pass(10_000)
    expect(rig.units()).toEqual([2, 0, 1, 0])
  })
})

describe('settle', () => {
  test.each([
    { outcome: 'paid', state: 'paid', units: [2, 0, 0, 1] },
    { outcome: 'declined', state: 'declined', units: [3, 0, 0, 0] },
    { outcome: 'refunded', state: 'pending', units: [2, 0, 1, 0] },
  ])('ORD-4 a pending order that is $outcome becomes $state, and repeats or later outcomes change nothing', ({ outcome, state, units }) => {
    const rig = rigWith()
    rig.buy('ann')
    rig.checkout('ann')
    expect(rig.settle(1, outcome)).toEqual(order(state))
    const journaled = rig.journal.length
    expect(rig.settle(1, outcome)).toEqual(order(state))
    if (state === 'paid') expect(rig.settle(1, 'declined')).toEqual(order(state))
    expect(rig.units()).toEqual(units)
    expect(rig.journal.length).toBe(journaled)
  })

  test('ORD-34 whoever only asks is told the order’s state, and changes nothing', () => {
    const rig = rigWith()
    rig.buy('ann')
    rig.checkout('ann')
    const states = ['pending', 'overdue', 'paid'] as const
    for (const state of states) {
      if (state === 'overdue') rig.pass(30_050)
      if (state === 'paid') rig.settle(1, 'paid')
      const journaled = rig.journal.length
      expect(rig.settle(1, 'unknown')).toEqual(order(state))
      expect(rig.journal.length).toBe(journaled)
    }
    expect(rig.settle(7, 'unknown'), 'what never was an order').toEqual(cancelled)
  })

  test('ORD-5 a declined order’s units go to the head of the line', () => {
    const rig = rigWith({ stock: 1 })
    rig.buy('ann')
    rig.buy('bob')
    rig.checkout('ann')
    rig.settle(1, 'declined')
    expect(rig.claim('bob')).toEqual(held(2, opened + 10_025))
    expect(rig.claim('ann')).toEqual(order('declined'))
    expect(rig.buy('ann')).toMatchObject({ state: 'queued' })
  })

  test('ORD-6 knows only its own orders', () => {
    const rig = rigWith()
    rig.buy('ann')
    expect(rig.settle(1, 'paid'), 'a hold is no order').toEqual(cancelled)
    rig.checkout('ann')
    expect(rig.settle(2, 'paid')).toEqual(cancelled)
    expect(rig.settle(0, 'paid')).toEqual(cancelled)
    expect(rig.settle(1, 'paid', 'of-another-sale')).toEqual(cancelled)
    expect(short(rig.ask({ op: 'settle', sku: 'boot', payload: { incarnation, claim: 1, outcome: 'paid' } }))).toEqual(cancelled)
    expect(rig.units()).toEqual([2, 0, 1, 0])
  })

  test('ORD-30 an order that a store has lost is not the one that has its number now', () => {
    const rig = rigWith()
    rig.buy('ann')
    const before = rig.journal.length
    const lost = idOf(rig.checkout('ann'))
    rig.journal.length = before
    rig.recover(undefined, 0, 1_000)
    const { incarnation: orderedIn, claim } = idOf(rig.checkout('ann'))
    expect(claim).toBe(lost.claim)
    expect(rig.settle(claim, 'paid', lost.incarnation), 'its money goes back').toEqual(cancelled)
    expect(rig.claim('ann')).toMatchObject({ state: 'pending' })
    expect(rig.settle(claim, 'paid', orderedIn)).toMatchObject({ state: 'paid' })
    rig.recover(rig.actor.save(), rig.journal.length, 1_000)
    expect(rig.claim('ann'), 'keeps its id under every owner').toMatchObject({ order: `shoe:${orderedIn}:1`, state: 'paid' })
    expect(rig.settle(claim, 'paid', lost.incarnation)).toEqual(cancelled)
  })

  test.each<readonly [string, (rig: InventoryRig) => void, Plain]>([
    ['that was left', (rig) => void rig.leave('ann'), cancelled],
    ['that was ordered and declined', (rig) => void (rig.checkout('ann'), rig.settle(1, 'declined')), 'UNKNOWN_ORDER'],
  ])('ORD-31 of a claim %s and has made way for another one it is known for a while whether it was that order', (_, end, known) => {
    const rig = rigWith()
    rig.buy('ann')
    end(rig)
    rig.buy('ann')
    const said = rig.settle(1, 'paid')
    expect(said).toEqual(known)
    rig.recover(rig.actor.save(), rig.journal.length, 1_000)
    expect(rig.settle(1, 'paid', incarnation)).toEqual(said)
    expect(rig.settle(1, 'paid', `${incarnation}lost`)).toEqual(cancelled)
    rig.pass(requestMemoryMs + 50)
    expect(rig.settle(1, 'paid')).toBe('UNKNOWN_ORDER')
  })

  test('ORD-7 an order that is not settled in time gives its units back and stays open: it counts against its user', () => {
    const rig = overdueRig({ stock: 1, perUserMax: 1 })
    expect(rig.claim('ann')).toEqual(order('overdue'))
    expect(rig.units()).toEqual([1, 0, 0, 0])
    expect(rig.buy('ann', { request: 'again' })).toEqual(order('overdue'))
    expect(rig.checkout('ann')).toEqual(order('overdue'))
    expect(rig.buy('bob')).toEqual(held(2, rig.now + 10_025))
  })

  test('ORD-8 a payment that comes too late gets the units if some are free and nobody waits', () => {
    const rig = overdueRig({ stock: 1 })
    expect(rig.settle(1, 'paid')).toEqual(order('paid'))
    expect(rig.units()).toEqual([0, 0, 0, 1])
  })

  test.each<{ readonly why: string; readonly stock: number; readonly by: (rig: InventoryRig) => void }>([
    { why: 'the units are taken', stock: 1, by: (rig) => rig.buy('bob') },
    {
      why: 'people wait for them',
      stock: 2,
      by: (rig) => {
        rig.buy('bob')
        rig.buy('cat', { qty: 2 })
      },
    },
    { why: 'the sale is closed', stock: 1, by: (rig) => rig.setPhase('closed') },
  ])('ORD-9 a payment that comes too late goes back if $why', ({ stock, by }) => {
    const rig = overdueRig({ stock })
    by(rig)
    const before = rig.units()
    expect(rig.settle(1, 'paid')).toEqual(order('refunding'))
    expect(rig.settle(1, 'paid')).toEqual(order('refunding'))
    expect(rig.units()).toEqual(before)
    expect(rig.buy('ann'), 'it still counts against its user').toEqual(order('refunding'))
    expect(rig.settle(1, 'refunded')).toEqual(order('refunded'))
    expect(rig.settle(1, 'paid')).toEqual(order('refunded'))
    expect(rig.units()).toEqual(before)
  })

  test('ORD-10 an overdue order that turns out declined just ends', () => {
    const rig = overdueRig()
    expect(rig.settle(1, 'declined')).toEqual(order('declined'))
    expect(rig.units()).toEqual([3, 0, 0, 0])
    expect(rig.settle(1, 'declined')).toEqual(order('declined'))
    expect(rig.buy('ann')).toEqual(held(2, rig.now + 10_025))
  })

  test('ORD-11 an order is put away when its news is delivered, and still answers a repeated outcome', () => {
    const rig = rigWith()
    rig.buy('ann')
    rig.checkout('ann')
    rig.settle(1, 'paid')
    rig.delivered(1)
    const journaled = rig.journal.length
    rig.delivered(1)
    expect(rig.settle(1, 'paid')).toEqual(order('paid'))
    expect(rig.settle(1, 'declined')).toEqual(order('paid'))
    expect(rig.journal.length).toBe(journaled)
    expect(rig.claim('ann')).toEqual(order('paid'))
  })
})

describe('order.cancel', () => {
  test('ORD-40 gives the units of a pending order to the next in line, and counts against its user until it is known what became of the money', () => {
    const rig = rigWith({ stock: 1 })
    rig.buy('ann')
    rig.buy('bob')
    rig.checkout('ann')
    expect(rig.cancel('ann', 1)).toEqual(order('refunding'))
    expect(rig.claim('bob')).toMatchObject({ state: 'held' })
    expect(rig.cancel('ann', 1), 'again').toEqual(order('refunding'))
    expect(rig.buy('ann')).toEqual(order('refunding'))
    expect(rig.settle(1, 'paid'), 'a charge that was under way').toEqual(order('refunding'))
    expect(rig.settle(1, 'declined'), 'what the refund finds out counts').toEqual(order('refunding'))
    rig.pass(40_050)
    expect(rig.claim('ann'), 'its time does not run out').toEqual(order('refunding'))
  })

  test.each([
    ['refunded', 'refunded'],
    ['absent', 'cancelled'],
    ['refused', 'unrefunded'],
  ])('ORD-41 ends by what the refund finds out: %s makes it %s', (outcome, state) => {
    const rig = rigWith()
    rig.buy('ann')
    rig.checkout('ann')
    rig.cancel('ann', 1)
    expect(rig.settle(1, outcome)).toEqual(order(state))
    expect(rig.settle(1, outcome)).toEqual(order(state))
    expect(rig.units()).toEqual([3, 0, 0, 0])
    expect(rig.buy('ann')).toMatchObject({ state: 'held', hold: 2 })
  })

  test('ORD-42 changes nothing of an order that is not pending any more, and knows only its user’s own', () => {
    const rig = overdueRig()
    expect(rig.cancel('ann', 1)).toEqual(order('overdue'))
    rig.settle(1, 'paid')
    expect(rig.cancel('ann', 1)).toEqual(order('paid'))
    rig.buy('bob')
    expect(rig.cancel('bob', 2), 'a hold').toBe('UNKNOWN_ORDER')
    rig.checkout('bob')
    expect(rig.cancel('ann', 2)).toBe('UNKNOWN_ORDER')
    expect(rig.cancel('bob', 2, 'other')).toBe('UNKNOWN_ORDER')
    expect(short(rig.ask({ op: 'orderCancel', sku: 'boot', user: 'bob', payload: { incarnation, claim: 2 } }))).toBe('UNKNOWN_ORDER')
    expect(rig.units()).toEqual([1, 0, 1, 1])
  })
})

describe('money that comes after the end', () => {
  test.each([
    ['declined', (rig: InventoryRig) => void rig.settle(1, 'declined')],
    ['cancelled', (rig: InventoryRig) => void (rig.cancel('ann', 1), rig.settle(1, 'absent'))],
  ])('ORD-43 for an order that was %s goes back by the journal, also when its end had been delivered', (state, end) => {
    const rig = rigWith()
    rig.buy('ann')
    rig.checkout('ann')
    end(rig)
    rig.delivered(1)
    rig.pass(requestMemoryMs - 5_000)
    expect(rig.claim('ann')).toEqual(order(state))
    expect(rig.settle(1, 'paid')).toEqual(order('refunding'))
    rig.pass(requestMemoryMs + 50)
    expect(rig.claim('ann'), 'is not put away meanwhile').toEqual(order('refunding'))
    rig.recover(rig.actor.save(), rig.journal.length, 1_000)
    expect(rig.settle(1, 'refunded')).toEqual(order('refunded'))
    expect(rig.units()).toEqual([3, 0, 0, 0])
  })

  test('ORD-44 an order whose money the provider kept is refunded when it gives it back after all', () => {
    const rig = rigWith()
    rig.buy('ann')
    rig.checkout('ann')
    rig.cancel('ann', 1)
    rig.settle(1, 'refused')
    expect(rig.settle(1, 'paid')).toEqual(order('unrefunded'))
    expect(rig.settle(1, 'refunded')).toEqual(order('refunded'))
  })
})

describe('order.get', () => {
  test('ORD-12 gives the order to its user while the SKU knows it, and to nobody else', () => {
    const rig = rigWith()
    rig.buy('ann')
    const get = (user: string, claim = 1, of = incarnation) =>
      short(rig.ask({ op: 'orderGet', sku: 'shoe', user, payload: { incarnation: of, claim } }))
    expect(get('ann'), 'a hold is no order').toBe('UNKNOWN_ORDER')
    rig.checkout('ann')
    expect(get('ann')).toEqual(order('pending'))
    expect(get('bob')).toBe('UNKNOWN_ORDER')
    expect(get('ann', 2)).toBe('UNKNOWN_ORDER')
    expect(get('ann', 1, 'other')).toBe('UNKNOWN_ORDER')
    rig.settle(1, 'declined')
    expect(get('ann')).toEqual(order('declined'))
    rig.pass(requestMemoryMs + 50)
    expect(get('ann')).toBe('UNKNOWN_ORDER')
  })
})
