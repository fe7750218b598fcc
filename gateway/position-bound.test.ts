import { expect, test } from 'vitest'
import { boundMsOf, freshWithinMs, turnMsOf } from './position-bound.ts'

const rate = { budgetPerSecond: 20_000, tickMs: 100 }

test.each([0, 1, 1_000, 15_000])('GW-100 with %s clients the budget reaches, and the bound is that of the promise', (waiting) => {
  expect(boundMsOf(waiting, rate)).toBe(freshWithinMs)
})

test('GW-100 beyond what half of the budget reaches, the bound grows with those who wait', () => {
  const [twice, four] = [boundMsOf(30_000, rate), boundMsOf(60_000, rate)]
  expect(twice).toBeGreaterThan(freshWithinMs)
  expect(four - twice).toBe(3_000)
  expect(boundMsOf(60_000, { ...rate, budgetPerSecond: 80_000 })).toBe(freshWithinMs)
})

test('GW-100 the turns of all take no more than half of the budget', () => {
  for (const waiting of [1, 5_000, 40_000, 1_000_000]) {
    expect((waiting * 1000) / turnMsOf(waiting, rate)).toBeLessThanOrEqual(Math.max(rate.budgetPerSecond / 2, 1))
  }
})

test('GW-100 the bound has room for slow ticks', () => {
  expect(boundMsOf(10, { budgetPerSecond: 20_000, tickMs: 1_000 })).toBeGreaterThanOrEqual(4_000)
})
