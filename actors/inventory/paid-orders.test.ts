import { expect, test } from 'vitest'
import { finish } from '../work.ts'
import { PaidOrders, paidOrdersMax } from './paid-orders.ts'

const same = (rows: number): Uint32Array => Uint32Array.from({ length: rows }, (_, row) => row)

test('ORD-60 remembers paid orders up to its limit, the oldest go first, and each keeps what has gone back of it', () => {
  const paid = new PaidOrders()
  const rows = 1_000
  const push = (claim: number): void => paid.push({ claim, row: claim % rows, qty: 1, orderTag: 7, amountMinor: claim })
  for (let claim = 1; claim <= 500; claim++) push(claim)
  const slot = paid.find(300, 7)
  paid.ask(slot, 20)
  paid.refund(slot, 10)
  for (let claim = 501; claim <= paidOrdersMax + 299; claim++) push(claim)
  expect(paid.length).toBe(paidOrdersMax)
  expect(paid.find(299, 7)).toBe(-1)
  expect(paid.find(300, 8), 'of another epoch').toBe(-1)
  expect(paid.at(paid.find(300, 7))).toMatchObject({ amountMinor: 300, askedMinor: 20, refundedMinor: 10 })
  const restored = new PaidOrders()
  finish(restored.restore(paid.save(same(rows))))
  expect(restored.length).toBe(paidOrdersMax)
  expect(restored.at(restored.find(300, 7))).toEqual(paid.at(paid.find(300, 7)))
  const last = paidOrdersMax + 299
  restored.refund(restored.find(last, 7), 5)
  expect(restored.refundedOf(last % rows, last)).toBe(5)
  expect(restored.refundedOf(last % rows, last - rows), 'of a former order of this buyer').toBe(0)
})
