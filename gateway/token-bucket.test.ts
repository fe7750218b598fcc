import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { TokenBucket } from './token-bucket.ts'

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
