import { describe, expect, test } from 'vitest'
import { decodeFoundOrder, decodeRefundedOrder } from '../../protocol/client/result-decoders.ts'
import type { Plain } from '../../protocol/msgpack-writer.ts'
import { incarnation, InventoryRig, settingsOf } from '../testing/inventory-rig.ts'
import { finish } from '../work.ts'
import { requestMemoryMs } from './former-requests.ts'
import { InventoryActor } from './inventory-actor.ts'
import { openRefundsMax } from './refunds.ts'

/** Ann has bought two shoes for 1,999 each, of three. */
function paidRig(overrides: Parameters<typeof settingsOf>[0] = {}): InventoryRig {
  const rig = new InventoryRig()
  rig.configure(settingsOf(overrides))
  rig.buy('ann', { qty: 2 })
  rig.checkout('ann')
  rig.settle(1, 'paid')
  return rig
}

function keyOf(refunded: Plain): string {
  return decodeRefundedOrder(refunded).refund.refund
}

/** Gives back so much at once, or all that is left. */
function giveBack(rig: InventoryRig, request: string, amountMinor?: number): void {
  const refunded = rig.refund(1, request, amountMinor)
  expect(rig.settleRefund(keyOf(refunded), 'refunded')).toEqual({ state: 'done' })
}

describe('order.refund', () => {
  test('ORD-51 gives back all that was paid, once however often it is asked for or settled', () => {
    const rig = paidRig()
    const refunded = rig.refund(1, 'r1')
    expect(refunded).toMatchObject({ state: 'paid', amountMinor: 3_998, user: 'ann', refund: { amountMinor: 3_998, state: 'open' } })
    const journaled = rig.journal.length
    expect(rig.refund(1, 'r1')).toEqual(refunded)
    expect(rig.refund(1, 'r2')).toBe('NOT_REFUNDABLE')
    expect(rig.journal.length).toBe(journaled)
    rig.settleRefund(keyOf(refunded), 'refunded')
    rig.settleRefund(keyOf(refunded), 'refunded')
    rig.settleRefund(keyOf(refunded), 'refused')
    expect(rig.refund(1, 'r1')).toMatchObject({ state: 'refunded', refundedMinor: 3_998, refund: { state: 'done' } })
    expect(rig.journal.length).toBe(journaled + 1)
    expect(rig.claim('ann')).toMatchObject({ state: 'refunded', refundedMinor: 3_998 })
  })

  test('ORD-52 gives back in parts, never more than was paid, what is on its way included', () => {
    const rig = paidRig()
    giveBack(rig, 'a', 1_000)
    expect(rig.claim('ann')).toMatchObject({ state: 'paid', refundedMinor: 1_000 })
    rig.refund(1, 'b', 2_000)
    expect(rig.refund(1, 'c', 999)).toBe('NOT_REFUNDABLE')
    expect(rig.refund(1, 'c')).toMatchObject({ refund: { amountMinor: 998, state: 'open' } })
    expect(rig.refund(1, 'd')).toBe('NOT_REFUNDABLE')
    expect(decodeFoundOrder(rig.find(1)).refunds.map(({ amountMinor, state }) => [amountMinor, state])).toEqual([
      [1_000, 'done'],
      [2_000, 'open'],
      [998, 'open'],
    ])
  })

  test('ORD-53 what the provider refuses can be given back by another request, or by the same when it does so after all', () => {
    const rig = paidRig()
    const refunded = rig.refund(1, 'a', 3_000)
    expect(rig.settleRefund(keyOf(refunded), 'refused')).toEqual({ state: 'refused' })
    expect(rig.refund(1, 'a', 3_000)).toMatchObject({ refund: { state: 'refused' } })
    expect(rig.claim('ann')).not.toHaveProperty('refundedMinor')
    giveBack(rig, 'b', 500)
    expect(rig.settleRefund(keyOf(refunded), 'refunded')).toEqual({ state: 'done' })
    expect(rig.refund(1, 'c')).toMatchObject({ refund: { amountMinor: 498 } })
  })

  test('ORD-54 finds an order long after its end, when its buyer has bought again, also by an owner who has read a snapshot', () => {
    const rig = paidRig({ stock: 9, perUserMax: 9 })
    rig.delivered(1)
    rig.pass(2 * requestMemoryMs)
    rig.buy('ann', { qty: 3 })
    rig.checkout('ann')
    rig.settle(2, 'paid')
    rig.buy('bob')
    rig.pass(2 * requestMemoryMs)
    expect(rig.find(1)).toMatchObject({ state: 'paid', user: 'ann', qty: 2, amountMinor: 3_998, refunds: [] })
    rig.recover(rig.actor.save(), rig.journal.length, 1_000)
    giveBack(rig, 'a', 1_000)
    rig.recover(rig.actor.save(), rig.journal.length, 1_000)
    giveBack(rig, 'b')
    expect(rig.find(1)).toMatchObject({ state: 'refunded', refundedMinor: 3_998, refunds: [{ state: 'done' }, { state: 'done' }] })
    expect(rig.claim('ann'), 'the other order stays').toMatchObject({ state: 'paid', qty: 3 })
    expect(rig.replayed().digest()).toBe(rig.actor.digest())
  })

  test.each([
    ['an order that is not paid', (rig: InventoryRig): void => void (rig.buy('bob'), rig.checkout('bob')), 2, 'NOT_REFUNDABLE'],
    ['a hold', (rig: InventoryRig): void => void rig.buy('bob'), 2, 'UNKNOWN_ORDER'],
    ['nothing', () => {}, 9, 'UNKNOWN_ORDER'],
  ] as const)('ORD-55 there is nothing to give back of %s', (_, before, claim, code) => {
    const rig = paidRig()
    before(rig)
    expect(rig.refund(claim, 'r1')).toBe(code)
    expect(rig.refund(1, 'r1', undefined, `${incarnation}000abc`), 'of another epoch').toBe('UNKNOWN_ORDER')
    expect(rig.refund(1, 'r1', undefined, 'other')).toBe('UNKNOWN_ORDER')
    expect(rig.units().reduce((sum, units) => sum + units)).toBe(3)
  })

  test('ORD-56 has a bounded number on their way', () => {
    const rig = paidRig()
    for (let i = 0; i < openRefundsMax; i++) rig.refund(1, `r${i}`, 1)
    expect(rig.refund(1, 'more', 1)).toBe('BUSY')
    rig.settleRefund(keyOf(rig.refund(1, 'r0')), 'refused')
    expect(rig.refund(1, 'more', 1)).toMatchObject({ refund: { state: 'open' } })
  })
})

describe('what a refund does to the sale', () => {
  test.each([
    { refundRestocks: undefined, refundFreesLimit: undefined, units: [1, 0, 0, 2], again: { state: 'held' } },
    { refundRestocks: true, refundFreesLimit: undefined, units: [3, 0, 0, 0], again: { state: 'held' } },
    { refundRestocks: true, refundFreesLimit: false, units: [3, 0, 0, 0], again: 'LIMIT_REACHED' },
    { refundRestocks: false, refundFreesLimit: false, units: [1, 0, 0, 2], again: 'LIMIT_REACHED' },
  ])(
    'ORD-57 is a setting: restocks $refundRestocks, frees the limit $refundFreesLimit',
    ({ refundRestocks, refundFreesLimit, units, again }) => {
      const rig = paidRig({
        ...(refundRestocks === undefined ? {} : { refundRestocks }),
        ...(refundFreesLimit === undefined ? {} : { refundFreesLimit }),
      })
      giveBack(rig, 'a', 3_997)
      expect(rig.units(), 'not for a part').toEqual([1, 0, 0, 2])
      expect(rig.buy('ann'), 'not for a part').toBe('LIMIT_REACHED')
      giveBack(rig, 'b')
      expect(rig.units()).toEqual(units)
      const bought = rig.buy('ann', { request: 'again' })
      if (typeof again === 'string') expect(bought).toBe(again)
      else expect(bought).toMatchObject(again)
    },
  )

  test('ORD-58 units that are back on sale go to the head of the line', () => {
    const rig = paidRig({ stock: 2, refundRestocks: true })
    rig.restock(1)
    rig.buy('bob')
    expect(rig.buy('cat')).toMatchObject({ state: 'queued' })
    giveBack(rig, 'a')
    expect(rig.claim('cat')).toMatchObject({ state: 'held' })
    expect(rig.units()).toEqual([1, 2, 0, 0])
  })

  test('ORD-59 a buyer whose order was given back is not forgotten with what came after it', () => {
    const rig = paidRig()
    giveBack(rig, 'a')
    rig.buy('ann')
    rig.leave('ann')
    rig.pass(2 * requestMemoryMs)
    for (let i = 0; i < 3; i++) rig.buy(`new${i}`)
    expect(rig.find(1)).toMatchObject({ user: 'ann', state: 'refunded' })
    const copy = new InventoryActor(0)
    finish(copy.restore(rig.actor.save()))
    expect(copy.digest()).toBe(rig.actor.digest())
  })
})
