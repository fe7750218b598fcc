import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { backoffMs, jitteredAfterMs, reconnectBackoff } from './backoff.ts'

test('SDK-1 the wait doubles from attempt to attempt up to its cap, and jitter takes it anywhere below', () => {
  const bounds = [0, 1, 2, 3, 4, 5, 6, 1_000].map((attempt) => backoffMs({ baseMs: 500, capMs: 15_000 }, attempt, 1))
  expect(bounds).toEqual([500, 1_000, 2_000, 4_000, 8_000, 15_000, 15_000, 15_000])
  fc.assert(
    fc.property(fc.nat(), fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), (attempt, random) => {
      const waitMs = backoffMs(reconnectBackoff, attempt, random)
      expect(waitMs).toBeGreaterThanOrEqual(0)
      expect(waitMs).toBeLessThanOrEqual(backoffMs(reconnectBackoff, attempt, 1))
      expect(Number.isInteger(waitMs)).toBe(true)
    }),
  )
  expect(backoffMs(reconnectBackoff, 3, 0)).toBe(0)
})

test('SDK-2 a time that the server names is never undercut, and exceeded by half at most', () => {
  expect(jitteredAfterMs(1_000, 0)).toBe(1_000)
  expect(jitteredAfterMs(1_000, 0.5)).toBe(1_250)
  expect(jitteredAfterMs(1_000, 1)).toBe(1_500)
})
