import { expect, test } from 'vitest'
import { forged, grant, hold, numbered, open, order, paid, settle, ticket } from '../../actors/testing/forged-records.ts'
import type { ClaimState } from '../../protocol/results.ts'
import { Findings } from './findings.ts'
import { LiveBooks } from './live-books.ts'
import { held, ordered, queued } from './told-words.ts'
import { TruthCheck } from './truth-check.ts'

/** Ann holds and buys, Bob waits behind Cat until she leaves, and then holds. */
const sale = [
  [open, hold(1, 'ann', 2), ticket(2, 'cat'), ticket(3, 'bob')],
  [numbered('left', 2)],
  [numbered('left', 1), grant(1)],
  [hold(4, 'ann'), order(4), settle(4, paid)],
]

function problemsOf(user: string, said: ClaimState, sku = 'shoe'): string[] {
  const { complain, problems } = new Findings(() => 0)
  const books = new LiveBooks({ now: () => 0, complain: () => {} })
  books.applied('inv.0', { epoch: 1, seq: 0 }, new Uint8Array(0))
  for (const [i, events] of sale.entries()) books.applied('inv.0', { epoch: 1, seq: i + 1 }, forged(events))
  new TruthCheck(books, complain).told(user, sku, said)
  return problems.map(({ promise, what }) => `${promise} ${what}`)
}

test.each<readonly [string, ClaimState]>([
  ['bob', queued(3, 1)],
  ['bob', queued(3, 0)],
  ['bob', held(3, 5_000)],
  ['ann', { state: 'held', hold: 1, qty: 2, expiresAt: 5_000 }],
  ['ann', ordered(4, 'paid')],
  ['dan', { state: 'none' }],
])('CHK-7 %s may be told %j', (user, said) => {
  expect(problemsOf(user, said)).toEqual([])
})

test.each<readonly [string, ClaimState]>([
  ['bob', queued(3, 2)],
  ['bob', queued(2, 0)],
  ['bob', held(3, 6_000)],
  ['bob', { state: 'expired' }],
  ['ann', ordered(4, 'declined')],
  ['dan', queued(3, 0)],
])('CHK-8 %s may not be told %j', (user, said) => {
  expect(problemsOf(user, said)).toEqual([`G3 ${user} was told ${JSON.stringify(said)} of shoe, which has never been so`])
})

test('CHK-7 of a SKU that there is not everyone may be told that they have nothing, and nothing else', () => {
  expect(problemsOf('ann', { state: 'none' }, 'boot')).toEqual([])
  expect(problemsOf('ann', held(1, 5_000), 'boot')).toHaveLength(1)
})
