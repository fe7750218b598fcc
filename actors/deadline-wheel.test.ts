import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { DeadlineWheel, granularityMs } from './deadline-wheel.ts'

const step = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({ kind: fc.constant('add' as const), inMs: fc.oneof(fc.integer({ min: -500, max: 2_000 }), fc.nat(90_000)) }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('pass' as const),
      ms: fc.oneof(fc.nat(200), fc.nat(40_000)),
      limit: fc.integer({ min: 1, max: 9 }),
    }),
  },
)

test('SHD-30 every deadline comes up once, never early, within one granule of its time, and at most as many as asked for', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 120, size: 'max' }), (steps) => {
      const wheel = new DeadlineWheel()
      const open = new Map<number, number>()
      let now = 1_700_000_000_000
      let items = 0
      const take = (limit: number): number =>
        wheel.due(now, limit, (group, item) => {
          expect(group).toBe(7)
          expect(open.get(item), 'known, and not given out before').toBeDefined()
          expect(open.get(item)).toBeLessThanOrEqual(now)
          open.delete(item)
        })
      for (const one of steps) {
        if (one.kind === 'add') {
          open.set(++items, now + one.inMs)
          wheel.add(now + one.inMs, 7, items)
          continue
        }
        now += one.ms
        expect(take(one.limit)).toBeLessThanOrEqual(one.limit)
        while (take(one.limit) > 0);
        expect([...open.values()].every((at) => at > now - granularityMs)).toBe(true)
        expect(wheel.size).toBe(open.size)
      }
    }),
    { numRuns: 200 },
  )
})

test('SHD-31 a deadline in the far past comes up at once, and the years up to now cost nothing', () => {
  const wheel = new DeadlineWheel()
  const given: number[] = []
  wheel.add(0, 0, 1)
  wheel.add(1_700_000_000_000, 0, 2)
  expect(wheel.due(1_600_000_000_000, 10, (_, item) => given.push(item))).toBe(1)
  expect(wheel.due(1_700_000_000_100, 10, (_, item) => given.push(item))).toBe(1)
  expect(given).toEqual([1, 2])
})

test('SHD-32 deadlines that are added while others come up are kept, also when they lie before those', () => {
  const wheel = new DeadlineWheel()
  const given: number[] = []
  wheel.add(1_000, 0, 1)
  wheel.add(1_001, 0, 2)
  wheel.due(5_000, 10, (_, item) => {
    given.push(item)
    if (item === 1) {
      wheel.add(200, 0, 3)
      wheel.add(1_002, 0, 4)
      wheel.add(9_000, 0, 5)
    }
  })
  expect(given.toSorted((a, b) => a - b)).toEqual([1, 2, 3, 4])
  expect(wheel.size).toBe(1)
  wheel.due(9_100, 10, (_, item) => given.push(item))
  expect(given.at(-1)).toBe(5)
  expect(wheel.size).toBe(0)
})

test('SHD-32 one that lies just before the last granule that is due comes up in the same call', () => {
  const wheel = new DeadlineWheel()
  const given: number[] = []
  wheel.add(1_000, 0, 1)
  const passed = 1_000 + granularityMs
  wheel.due(passed, 10, (_, item) => {
    given.push(item)
    if (item === 1) wheel.add(999, 0, 2)
  })
  expect(given).toEqual([1, 2])
  wheel.add(1_000, 0, 3)
  wheel.due(passed, 10, (_, item) => given.push(item))
  wheel.add(1_000, 0, 4)
  wheel.due(passed, 10, (_, item) => given.push(item))
  expect(given, 'a granule that was given out takes deadlines again').toEqual([1, 2, 3, 4])
})

test('SHD-33 half a million deadlines at one moment are given out in portions', () => {
  const wheel = new DeadlineWheel()
  for (let item = 0; item < 500_000; item++) wheel.add(10_000, 1, item)
  let next = 0
  const inOrder = (_: number, item: number): void => {
    if (item !== next++) expect.fail(`${item} came up as number ${next - 1}`)
  }
  expect(wheel.due(10_000, 4_096, inOrder)).toBe(0)
  let portions = 0
  while (wheel.due(20_000, 4_096, inOrder) > 0) portions++
  expect([next, portions, wheel.size]).toEqual([500_000, Math.ceil(500_000 / 4_096), 0])
})
