import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { TokenBucket } from './token-bucket.ts'
import { TokenBuckets } from './token-buckets.ts'

const seed = 0x1234_5678

/** How many of so many calls get a token. */
function taken(buckets: TokenBuckets, key: string, calls: number, now: number, isLarger = false): number {
  return Array.from({ length: calls }, () => buckets.take(key, now, () => isLarger)).filter(Boolean).length
}

test('GW-21 each key has a bucket of its own', () => {
  const buckets = new TokenBuckets({ ratePerSecond: 1, burst: 2, keysMax: 1_000 }, seed)
  for (let i = 0; i < 200; i++) expect([i, taken(buckets, `user-${i}`, 3, 1_000)]).toEqual([i, 2])
  for (let i = 0; i < 200; i++) expect([i, taken(buckets, `user-${i}`, 1, 1_000)]).toEqual([i, 0])
})

test('GW-21 a bucket is that of one key alone: full at first, refilled at the rate, and whoever waits as long as told gets a token', () => {
  const calls = fc.array(fc.record({ key: fc.constantFrom('a', 'b', 'c'), pauseMs: fc.nat(1_500) }), { maxLength: 100 })
  fc.assert(
    fc.property(calls, fc.integer({ min: 1, max: 50 }), fc.integer({ min: 1, max: 8 }), (steps, ratePerSecond, burst) => {
      const buckets = new TokenBuckets({ ratePerSecond, burst, keysMax: 1_000 }, seed)
      const own = new Map(['a', 'b', 'c'].map((key) => [key, new TokenBucket(ratePerSecond, burst, 0)]))
      let now = 0
      for (const { key, pauseMs } of steps) {
        now += pauseMs
        const bucket = own.get(key)
        expect(buckets.take(key, now)).toBe(bucket?.take(1, now) === 1)
        if ((bucket?.waitMs() ?? 0) > 0) {
          // Asking in vain takes nothing.
          expect(buckets.take(key, now)).toBe(false)
          expect(buckets.waitMs).toBe(bucket?.waitMs())
        }
      }
    }),
  )
})

test('GW-21 a larger key has as many times the tokens, at as many times the rate', () => {
  const buckets = new TokenBuckets({ ratePerSecond: 1, burst: 2, keysMax: 1_000, largerTimes: 3 }, seed)
  expect(taken(buckets, 'carrier', 10, 0, true)).toBe(6)
  expect(taken(buckets, 'home', 10, 0)).toBe(2)
  expect(taken(buckets, 'carrier', 10, 1_000, true)).toBe(3)
  expect(taken(buckets, 'home', 10, 1_000)).toBe(1)
})

test('GW-21 beyond the bound keys share buckets, and all of them together get no more than the buckets have', () => {
  const buckets = new TokenBuckets({ ratePerSecond: 1, burst: 2, keysMax: 100 }, seed)
  let given = 0
  for (let i = 0; i < 20_000; i++) given += taken(buckets, `user-${i}`, 1, 1_000)
  // Twice as many as are promised to be apart, rounded up to a power of two.
  expect(given).toBeLessThanOrEqual(256 * 2)
  expect(given).toBeGreaterThanOrEqual(100 * 2)
})

test('GW-21 what is full makes way, and nothing else is forgotten', () => {
  const buckets = new TokenBuckets({ ratePerSecond: 1, burst: 2, keysMax: 1_000 }, seed)
  taken(buckets, 'anna', 2, 1_000)
  for (let i = 0; i < 500; i++) buckets.take(`user-${i}`, 2_999)
  expect(buckets.take('anna', 1_999)).toBe(false)
  for (let i = 0; i < 100; i++) expect(taken(buckets, `later-${i}`, 3, 5_000)).toBe(2)
})
