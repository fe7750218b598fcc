import { expect, test } from 'vitest'
import { forged, grant, hold, numbered, open, ticket } from '../../actors/testing/forged-records.ts'
import type { ClaimState } from '../../protocol/results.ts'
import { Findings } from './findings.ts'
import { LiveBooks } from './live-books.ts'
import { held, queued } from './told-words.ts'
import { checkWords, type Question } from './word-check.ts'

/** Ann has all there is and leaves it to bob, who lets it expire: three records, each bearing the time of its first decision. */
const story = [
  { at: 1_000, events: [open, hold(1, 'ann', 2), ticket(2, 'bob')] },
  { at: 2_000, events: [numbered('left', 1), grant(1)] },
  { at: 3_000, events: [numbered('expired', 2)] },
]
const none: ClaimState = { state: 'none' }

function isTaken(user: string, said: ClaimState, at: number, what?: Question['what'], askedAt = 0): boolean {
  let now = 0
  const { complain, problems } = new Findings(() => 0)
  const books = new LiveBooks({ now: () => now, complain: () => {} })
  books.applied('inv.0', { epoch: 1, seq: 0 }, new Uint8Array(0))
  for (const [index, record] of story.entries()) {
    now = record.at
    books.applied('inv.0', { epoch: 1, seq: index + 1 }, forged(record.events, now))
  }
  checkWords(books, [{ user, sku: 'shoe', said, at, question: what === undefined ? undefined : { what, at: askedAt } }], complain)
  return problems.length === 0
}

test('CHK-7 the word check takes what was true between the question and the answer, and news of any age', () => {
  expect(isTaken('bob', queued(2), 1_600, 'buy', 900)).toBe(true)
  expect(isTaken('bob', held(2, 5_000), 2_100, 'claim', 1_900)).toBe(true)
  expect(isTaken('bob', queued(2), 9_000)).toBe(true)
  expect(isTaken('ann', none, 2_100, 'leave', 1_900)).toBe(true)
  // The record of this time may have gone on after the answer was decided.
  expect(isTaken('bob', queued(2), 2_600, 'claim', 2_500)).toBe(true)
})

test('CHK-8 the word check finds what was not true yet or not any more, and what never was', () => {
  expect(isTaken('bob', held(2, 5_000), 1_900, 'claim', 1_500)).toBe(false)
  expect(isTaken('bob', held(2, 5_000), 1_900)).toBe(false)
  expect(isTaken('bob', queued(2), 3_600, 'claim', 3_500)).toBe(false)
  expect(isTaken('bob', held(2, 6_000), 2_600, 'claim', 1_900)).toBe(false)
  expect(isTaken('bob', none, 3_600, 'buy', 900)).toBe(false)
  expect(isTaken('bob', none, 2_600, 'leave', 2_500)).toBe(false)
  expect(isTaken('cat', held(1), 9_000)).toBe(false)
})
