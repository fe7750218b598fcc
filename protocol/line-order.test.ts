import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { LineOrder } from './line-order.ts'

type Step =
  | { readonly kind: 'add'; readonly gap: number }
  | { readonly kind: 'remove' | 'look'; readonly which: number }
  | { readonly kind: 'copy' }

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 5, arbitrary: fc.record({ kind: fc.constant('add' as const), gap: fc.oneof(fc.constant(0), fc.nat(3), fc.nat(2_000)) }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('remove' as const), which: fc.nat() }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('look' as const), which: fc.nat() }) },
  { weight: 1, arbitrary: fc.constant({ kind: 'copy' as const }) },
)

/** What the line is, told by a plain sorted list. */
function expectSame(order: LineOrder, waiting: readonly number[], next: number, which: number): void {
  const number = next === 0 ? 0 : which % (next + 40)
  expect([order.size, order.first(), order.nextNumber]).toEqual([waiting.length, waiting[0] ?? -1, next])
  expect(order.has(number)).toBe(waiting.includes(number))
  expect(order.countBefore(number)).toBe(waiting.filter((one) => one < number).length)
  expect(order.nextFrom(number)).toBe(waiting.find((one) => one >= number) ?? -1)
}

test('PRO-24 a line knows who waits, who is first and how many are before anyone, like a sorted list would', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 150 }), fc.nat(100_000), (steps, start) => {
      let order = new LineOrder()
      let waiting: number[] = []
      let next = 0
      const removed: boolean[] = []
      const expected: boolean[] = []
      for (const one of steps) {
        if (one.kind === 'add') {
          const number = (next === 0 ? start : next) + one.gap
          order.add(number)
          waiting.push(number)
          next = number + 1
        } else if (one.kind === 'copy') {
          const { from, bits } = order.toBitmap()
          order = LineOrder.fromBitmap(from, bits, next)
        } else if (one.kind === 'remove') {
          const number = waiting[one.which % Math.max(1, waiting.length)] ?? one.which
          removed.push(order.remove(number))
          expected.push(waiting.includes(number))
          waiting = waiting.filter((other) => other !== number)
        }
        expectSame(order, waiting, next, 'which' in one ? one.which : start)
      }
      expect(removed).toEqual(expected)
    }),
    { numRuns: 300 },
  )
})

test('PRO-24 nobody joins in front of someone', () => {
  const order = new LineOrder()
  order.add(5)
  expect(() => order.add(5)).toThrow('joins the line behind 5')
  expect(() => order.add(4)).toThrow('joins the line behind 5')
  order.remove(5)
  expect(() => order.add(5)).toThrow('joins the line behind 5')
})

test('PRO-25 a long line that moves on takes room for those who wait, not for all who ever did', () => {
  const order = new LineOrder()
  for (let number = 0; number < 2_000_000; number++) {
    order.add(number)
    if (number >= 1_000) order.remove(number - 1_000)
  }
  expect([order.size, order.first(), order.countBefore(1_999_999)]).toEqual([1_000, 1_999_000, 999])
  expect(order.toBitmap().bits.length).toBeLessThanOrEqual(1_000 / 8 + 8)
})
