import { expect, test } from 'vitest'
import { changesOf, least, median, type Point, trendOf, verdictOf } from './trend.ts'

/** The same noise every time, from -1 to 1. */
function noise(seed: number): () => number {
  let state = seed
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 31 - 1
  }
}

/** Of 15 minutes, one every five seconds. */
function series(valueAt: (seconds: number) => number): readonly Point[] {
  return Array.from({ length: 181 }, (_, i) => ({ atSeconds: 300 + i * 5, value: valueAt(i * 5) }))
}

const mb = 1024 * 1024

test('BEN-80 a leak is found under the noise of a heap', () => {
  for (const seed of [1, 2, 3, 4, 5]) {
    const next = noise(seed)
    // A heap that climbs by 40 MB between two collections, and of which 24 MB an hour stay.
    const heap = series((seconds) => (100 + ((seconds * 0.7) % 40) + (seconds / 3_600) * 24 + next() * 2) * mb)
    const trend = trendOf(heap, least)
    expect(trend?.perHour ?? 0).toBeGreaterThan(14 * mb)
    expect(verdictOf(trend, 5 * mb)).toBe('grows')
  }
})

test('BEN-80 noise is no leak, nor is one high value', () => {
  for (const seed of [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]) {
    const next = noise(seed)
    const heap = series((seconds) => (100 + ((seconds * 0.7) % 40) + next() * 2 + (seconds === 890 ? 300 : 0)) * mb)
    expect(verdictOf(trendOf(heap, least), 5 * mb)).not.toBe('grows')
    const latency = series(() => 3 + next())
    expect(verdictOf(trendOf(latency, median), 0.6)).not.toBe('grows')
  }
})

test('BEN-80 a series that falls or stands still is steady, with bounds around its slope', () => {
  expect(
    verdictOf(
      trendOf(
        series(() => 7),
        least,
      ),
      1,
    ),
  ).toBe('steady')
  const falling = trendOf(
    series((seconds) => 100 - seconds / 36),
    median,
  )
  expect(falling?.perHour).toBeCloseTo(-100)
  expect(verdictOf(falling, 1)).toBe('steady')
})

test('BEN-80 what grows a little is allowed to, and what may grow a lot is not called steady', () => {
  const slow = trendOf(
    series((seconds) => 100 + seconds / 3_600),
    median,
  )
  expect(verdictOf(slow, 5)).toBe('steady')
  expect(verdictOf(slow, 0.5)).toBe('grows')
  expect(verdictOf({ level: 100, perHour: 1, leastPerHour: -30, mostPerHour: 40 }, 5)).toBe('unclear')
  expect(verdictOf(undefined, 5)).toBe('unclear')
})

test('BEN-80 of collections that come more seldom than samples each is judged once', () => {
  const next = noise(7)
  const left = (leakPerHour: number): readonly Point[] => {
    let last = 60
    return series((seconds) => {
      if (seconds % 100 === 50) last = 60 + (seconds / 3_600) * leakPerHour + next()
      return last
    })
  }
  expect(changesOf(left(0))).toHaveLength(9)
  expect(verdictOf(trendOf(changesOf(left(0)), median), 5)).not.toBe('grows')
  expect(verdictOf(trendOf(changesOf(left(60)), median), 5)).toBe('grows')
})

test('BEN-80 too few points say nothing', () => {
  expect(trendOf(series((seconds) => seconds).slice(0, 5), median)).toBeUndefined()
  expect(trendOf(series((seconds) => seconds).slice(0, 1), median)).toBeUndefined()
  expect(trendOf([], median)).toBeUndefined()
})
