import { expect, test } from 'vitest'
import { realClock, realRandom } from './world.ts'

test('OPS-1 ids are of the asked length and use all of [a-z0-9] about equally', () => {
  const counts = new Map<string, number>()
  for (const letter of realRandom.id(360_000)) counts.set(letter, (counts.get(letter) ?? 0) + 1)
  expect([...counts.keys()].toSorted().join('')).toBe('0123456789abcdefghijklmnopqrstuvwxyz')
  // 10,000 each on average, of which six standard deviations are 600; an unfair four letters would be 1,250 above.
  for (const count of counts.values()) expect(Math.abs(count - 10_000)).toBeLessThan(600)
  expect(['', 'x', 'xx'].map((text) => realRandom.id(text.length).length)).toEqual([0, 1, 2])
})

test('OPS-1 chance lies from 0 to below 1', () => {
  const draws = Array.from({ length: 10_000 }, () => realRandom.next())
  expect(draws.every((draw) => draw >= 0 && draw < 1)).toBe(true)
  expect(new Set(draws.map((draw) => Math.floor(draw * 10))).size).toBe(10)
})

test('OPS-2 the monotonic clock does not go back', () => {
  const readings = Array.from({ length: 1000 }, () => realClock.monotonic())
  expect(readings).toEqual(readings.toSorted((a, b) => a - b))
})
