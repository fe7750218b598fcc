import { expect, test } from 'vitest'
import { estimateEta, estimateOdds } from './estimate.ts'

test.each([
  { ahead: 0, servedPerSecond: 0, eta: null, why: 'nothing was served yet' },
  { ahead: 5, servedPerSecond: 0.0005, eta: null, why: 'too slow to say' },
  { ahead: 0, servedPerSecond: 1, eta: [1, 4], why: 'the head' },
  { ahead: 99, servedPerSecond: 10, eta: [10, 12], why: 'a hundred at ten a second' },
  { ahead: 16_000_000, servedPerSecond: 0.01, eta: [31_536_000, 31_536_000], why: 'at most a year' },
  { ahead: 9_999, servedPerSecond: 100, eta: [100, 102], why: 'the spread shrinks with the number of servings' },
])('LIN-7 the time until a place is served: $why', ({ ahead, servedPerSecond, eta }) => {
  expect(estimateEta(ahead, servedPerSecond)).toEqual(eta)
})

test.each([
  { ahead: 0, available: 0, held: 0, ordered: 0, odds: 'none', why: 'no unit can come free' },
  { ahead: 4, available: 5, held: 0, ordered: 0, odds: 'likely', why: 'the free units reach it' },
  { ahead: 5, available: 5, held: 0, ordered: 0, odds: 'unlikely', why: 'the free units end just before it' },
  { ahead: 1, available: 0, held: 8, ordered: 2, odds: 'likely', why: 'a fifth of the open units comes back' },
  { ahead: 2, available: 0, held: 8, ordered: 2, odds: 'unlikely', why: 'a fifth of the open units does not reach it' },
  { ahead: 500, available: 0, held: 0, ordered: 1, odds: 'unlikely', why: 'one unit that can come free again and again' },
])('LIN-8 the odds of a place: $why', ({ ahead, available, held, ordered, odds }) => {
  expect(estimateOdds(ahead, { available, held, ordered, releaseShare: 0.2 })).toBe(odds)
})
