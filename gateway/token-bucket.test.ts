import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { TokenBucket, TokenBuckets } from './token-bucket.ts'

test('GW-20 a bucket gives what it has when it is asked for more', () => {
  const bucket = new TokenBucket(10, 4, 0)
  expect(bucket.take(3, 0)).toBe(3)
  expect(bucket.take(3, 0)).toBe(1)
  expect(bucket.take(3, 0)).toBe(0)
})

test('GW-20 tokens come back at the rate, up to the burst, and the wait for the next is told', () => {
  const bucket = new TokenBucket(10, 4, 0)
  bucket.take(4, 0)
  expect(bucket.waitMs()).toBe(100)
  expect(bucket.take(1, 99)).toBe(0)
  expect(bucket.waitMs()).toBe(1)
  expect(bucket.take(1, 100)).toBe(1)
  expect(bucket.take(9, 60_000)).toBe(4)
})

test('GW-20 a clock that stands still or goes back gives nothing', () => {
  const bucket = new TokenBucket(10, 1, 1_000)
  expect(bucket.take(1, 1_000)).toBe(1)
  expect(bucket.take(1, 500)).toBe(0)
  expect(bucket.take(1, 1_099)).toBe(0)
  expect(bucket.take(1, 1_100)).toBe(1)
})

test('GW-20 no run of calls gets more than the burst and what has come since', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 1_000 }),
      fc.integer({ min: 1, max: 50 }),
      fc.array(fc.tuple(fc.nat(20), fc.nat(200))),
      (rate, burst, steps) => {
        const bucket = new TokenBucket(rate, burst, 0)
        let now = 0
        let given = 0
        for (const [wanted, pauseMs] of steps) {
          now += pauseMs
          given += bucket.take(wanted, now)
        }
        return given <= burst + (now * rate) / 1_000 + 1e-6
      },
    ),
  )
})

test('GW-21 each key has a bucket of its own, and beyond the bound new keys share one', () => {
  const buckets = new TokenBuckets(1, 2, 2, 0)
  expect(buckets.of('a', 0).take(2, 0)).toBe(2)
  expect(buckets.of('b', 0).take(2, 0)).toBe(2)
  expect(buckets.of('c', 0).take(2, 0)).toBe(2)
  expect(buckets.of('d', 0).take(1, 0)).toBe(0)
  expect(buckets.of('a', 0).take(1, 0)).toBe(0)
})

test('GW-21 a bucket is forgotten when it has to be full again, and no sooner', () => {
  // An empty one takes 2,000 ms to fill.
  const buckets = new TokenBuckets(1, 2, 10, 0)
  const bucket = buckets.of('a', 1_900)
  bucket.take(2, 1_900)
  expect(buckets.of('a', 2_000)).toBe(bucket)
  buckets.sweep(3_999)
  expect(buckets.of('a', 3_999)).toBe(bucket)
  buckets.sweep(4_000)
  buckets.sweep(6_000)
  expect(buckets.of('a', 6_000)).not.toBe(bucket)
  const other = buckets.of('b', 6_000)
  expect(buckets.of('b', 10_000)).not.toBe(other)
})

test('GW-21 forgotten buckets make room for new keys', () => {
  const buckets = new TokenBuckets(1, 2, 2, 0)
  for (const key of ['a', 'b']) buckets.of(key, 0)
  expect(buckets.of('c', 2_000)).toBe(buckets.of('d', 2_000))
  expect(buckets.of('c', 4_000)).not.toBe(buckets.of('d', 4_000))
})

test('GW-21 keeping two generations gives nobody a token more', () => {
  const calls = fc.array(fc.record({ key: fc.constantFrom('a', 'b', 'c'), pauseMs: fc.nat(1_500), wanted: fc.nat(3) }), { maxLength: 100 })
  fc.assert(
    fc.property(calls, (steps) => {
      const buckets = new TokenBuckets(2, 4, 10, 0)
      const own = new Map(['a', 'b', 'c'].map((key) => [key, new TokenBucket(2, 4, 0)]))
      let now = 0
      for (const { key, pauseMs, wanted } of steps) {
        now += pauseMs
        expect(buckets.of(key, now).take(wanted, now)).toBe(own.get(key)?.take(wanted, now))
      }
    }),
  )
})
