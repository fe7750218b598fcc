import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { estimateEta, estimateOdds } from './estimate.ts'

test('PRO-26 an estimate is whole seconds, never falls with the people ahead, and its cautious end is the later one', () => {
  const rate = fc.double({ min: 0.01, max: 1e6, noNaN: true })
  fc.assert(
    fc.property(fc.nat(2_000_000), fc.nat(1_000), rate, (ahead, more, servedPerSecond) => {
      const near = estimateEta(ahead, servedPerSecond) ?? [Number.NaN, Number.NaN]
      const far = estimateEta(ahead + more, servedPerSecond) ?? [Number.NaN, Number.NaN]
      expect(near[1]).toBeGreaterThanOrEqual(near[0])
      expect(far[0]).toBeGreaterThanOrEqual(near[0])
      expect(far[1]).toBeGreaterThanOrEqual(near[1])
      expect(near.every(Number.isSafeInteger)).toBe(true)
    }),
  )
  expect(estimateEta(0, 0)).toBeNull()
})

test('PRO-26 a place has no hope only when no unit is free or can come free', () => {
  const numbers = { available: 0, held: 0, ordered: 0, releaseShare: 0.5 }
  expect(estimateOdds(0, numbers)).toBe('none')
  expect(estimateOdds(1_000_000, { ...numbers, held: 1 })).toBe('unlikely')
  expect(estimateOdds(0, { ...numbers, ordered: 1 })).toBe('likely')
  expect(estimateOdds(4, { ...numbers, held: 10 })).toBe('likely')
  expect(estimateOdds(5, { ...numbers, held: 10 })).toBe('unlikely')
  expect(estimateOdds(5, { ...numbers, available: 3, held: 10 })).toBe('likely')
})
