import { expect, test } from 'vitest'
import {
  declined,
  type Forge,
  forged,
  hold,
  open,
  order,
  overdue,
  paid,
  refund,
  refunded,
  refunding,
  settle,
  ticket,
} from '../../actors/testing/forged-records.ts'
import { Findings } from './findings.ts'
import { LiveBooks } from './live-books.ts'
import { checkMoney } from './money-check.ts'

/** `[claim, charged, refunded]` */
type Row = readonly [claim: number, charged: number, refunded: number]

const bought: readonly Forge[] = [hold(1, 'a'), order(1), settle(1, paid)]
const declinedOne: readonly Forge[] = [hold(1, 'a'), order(1), settle(1, declined)]
const late: readonly Forge[] = [hold(1, 'a', 2), order(1, 3_998), settle(1, overdue), hold(2, 'b'), ticket(3, 'c', 2), settle(1, refunding)]
const refundedOne: readonly Forge[] = [...late, settle(1, refunded)]

/** `lost` came before `events`, in a record that the store has lost. */
function problemsIn(events: readonly Forge[], rows: readonly Row[], lost: readonly Forge[] = []): string[] {
  const { complain, problems } = new Findings(() => 0)
  const books = new LiveBooks({ now: () => 0, complain })
  books.applied('inv.0', { epoch: 1, seq: 0 }, new Uint8Array(0))
  if (lost.length > 0) {
    books.applied('inv.0', { epoch: 1, seq: 1 }, forged([open, ...lost]))
    books.lost('inv.0', { epoch: 1, seq: 1 })
  }
  books.applied('inv.0', { epoch: 1, seq: 1 }, forged([open, ...events]))
  expect(problems.filter(({ promise }) => promise !== 'G7')).toEqual([])
  problems.length = 0
  checkMoney(
    books,
    rows.map(([claim, chargedMinor, refundedMinor]) => ({ order: `shoe:inc1:${claim}`, chargedMinor, refundedMinor })),
    complain,
  )
  return problems.map(({ promise, what }) => `${promise} ${what}`)
}

test.each<readonly [string, readonly Forge[], readonly Row[]]>([
  ['a purchase', bought, [[1, 1_999, 0]]],
  ['an order that was declined', declinedOne, [[1, 0, 0]]],
  ['an order that nobody charged', declinedOne, []],
  ['an order that ended before its money came', declinedOne, [[1, 1_999, 1_999]]],
  ['money that came too late', refundedOne, [[1, 3_998, 3_998]]],
  ['an order of which a part was given back', [...bought, refund(1, 500, 0), refund(1, 500, 500, 1)], [[1, 1_999, 500]]],
  ['one that was given back as a whole', [...bought, refund(1, 1_999, 0), refund(1, 1_999, 1_999, 5)], [[1, 1_999, 1_999]]],
  ['a refund that the provider has refused', [...bought, refund(1, 500, 0), refund(1, 500, 0, 0)], [[1, 1_999, 0]]],
])('CHK-7 the money check takes %s', (_, events, rows) => {
  expect(problemsIn(events, rows)).toEqual([])
})

test.each<readonly [string, readonly Forge[], readonly Row[], string]>([
  ['units that nobody paid for', bought, [], 'G8 shoe:inc1:1 is paid with 1999, and the provider took 0 and gave back 0'],
  ['money that was taken twice', bought, [[1, 3_998, 0]], 'G8 shoe:inc1:1 is paid with 1999, and the provider took 3998 and gave back 0'],
  ['units and money', bought, [[1, 1_999, 1_999]], 'G8 shoe:inc1:1 is paid with 1999, and the provider took 1999 and gave back 1999'],
  ['money for nothing', declinedOne, [[1, 1_999, 0]], 'G8 shoe:inc1:1 is declined, and the provider has 1999 of its 1999'],
  ['money that is kept', refundedOne, [[1, 3_998, 0]], 'G8 shoe:inc1:1 is refunded, and the provider has 3998 of its 3998'],
  ['a refund of what was not charged', refundedOne, [], 'G8 shoe:inc1:1 is refunded, and was never charged'],
  ['an order that never ended', late, [[1, 3_998, 3_998]], 'G8 shoe:inc1:1 is still refunding'],
  [
    'a refund that was not made',
    [...bought, refund(1, 500, 0), refund(1, 500, 500, 1)],
    [[1, 1_999, 0]],
    'G8 shoe:inc1:1 was paid with 1999 less 500, and the provider took 1999 and gave back 0',
  ],
  [
    'a refund that was made twice',
    [...bought, refund(1, 500, 0), refund(1, 500, 500, 1)],
    [[1, 1_999, 1_000]],
    'G8 shoe:inc1:1 was paid with 1999 less 500, and the provider took 1999 and gave back 1000',
  ],
  ['a refund that never ended', [...bought, refund(1, 500, 0)], [[1, 1_999, 0]], 'G8 shoe: 500 of order 1 are still on their way back'],
  ['money without an order', [], [[5, 1_999, 0]], 'G8 shoe:inc1:5 is no order, and the provider has 1999 for it'],
  [
    'two charges under two keys',
    bought,
    [
      [1, 1_999, 0],
      [1, 1_999, 0],
    ],
    'G8 shoe:inc1:1 was charged under two keys',
  ],
])('CHK-8 the money check finds %s', (_, events, rows, problem) => {
  expect(problemsIn(events, rows)).toEqual([problem])
})

test('CHK-7 what operators gave back is gone also where a store has lost their refund, and only there', () => {
  const rows: readonly Row[] = [[1, 1_999, 500]]
  expect(problemsIn(bought, rows, [...bought, refund(1, 500, 0)])).toEqual([])
  expect(problemsIn(bought, rows, bought)).toHaveLength(1)
})

test('CHK-7 a refund that a store has lost may be paid for all the same, and only such a one', () => {
  const rows: readonly Row[] = [[1, 1_999, 1_999]]
  expect(problemsIn(bought, rows, late)).toEqual([])
  expect(problemsIn(bought, rows, declinedOne)).toHaveLength(1)
})
