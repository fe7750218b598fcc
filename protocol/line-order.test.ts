import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { LineOrder } from './line-order.ts'

/** The line as a sorted list of numbers: obvious and slow. */
class ListedLine {
  numbers: number[] = []
  end = 0

  add(number: number): void {
    this.numbers.push(number)
    this.end = number + 1
  }

  remove(number: number): boolean {
    const at = this.numbers.indexOf(number)
    if (at < 0) return false
    this.numbers.splice(at, 1)
    return true
  }

  countBefore(number: number): number {
    return this.numbers.filter((one) => one < number).length
  }

  nextFrom(from: number): number {
    return this.numbers.find((one) => one >= from) ?? -1
  }
}

type Step =
  | { readonly kind: 'add'; readonly gap: number }
  | { readonly kind: 'removeAt'; readonly at: number }
  | { readonly kind: 'removeNumber'; readonly number: number }
  | { readonly kind: 'serve'; readonly count: number }
  | { readonly kind: 'reload' }

const step = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('add' as const), gap: fc.oneof(fc.constant(0), fc.nat(40), fc.nat(3_000)) }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('removeAt' as const), at: fc.nat(1_000) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('removeNumber' as const), number: fc.nat(5_000) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('serve' as const), count: fc.nat(30) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('reload' as const) }) },
)

function apply(line: LineOrder, model: ListedLine, one: Step): LineOrder {
  switch (one.kind) {
    case 'add':
      line.add(model.end + one.gap)
      model.add(model.end + one.gap)
      return line
    case 'removeAt': {
      if (model.numbers.length === 0) return line
      const number = model.numbers[one.at % model.numbers.length] as number
      expect(line.remove(number)).toBe(model.remove(number))
      return line
    }
    case 'removeNumber':
      expect(line.remove(one.number)).toBe(model.remove(one.number))
      return line
    case 'serve':
      for (let i = 0; i < one.count && model.numbers.length > 0; i++) {
        const first = line.first()
        expect(first).toBe(model.numbers[0])
        line.remove(first)
        model.remove(first)
      }
      return line
    case 'reload': {
      const { from, bits } = line.toBitmap()
      return LineOrder.fromBitmap(from, bits, model.end)
    }
  }
}

function expectSame(line: LineOrder, model: ListedLine): void {
  const numbers = [0, 1, model.end, model.end + 100, ...model.numbers.slice(0, 15), ...model.numbers.slice(-15)]
  const probes = numbers.flatMap((number) => [number - 1, number, number + 1]).filter((number) => number >= 0)
  const seen = probes.map((number) => [number, line.has(number), line.countBefore(number), line.nextFrom(number)])
  const listed = probes.map((number) => [number, model.numbers.includes(number), model.countBefore(number), model.nextFrom(number)])
  expect([line.size, line.first(), ...seen]).toEqual([model.numbers.length, model.numbers[0] ?? -1, ...listed])
}

test('LIN-1 a line answers like a sorted list of its numbers, whoever joins, leaves or is served', () => {
  fc.assert(
    fc.property(fc.constantFrom(0, 1, 31, 32, 4_294_000_000), fc.array(step, { maxLength: 120, size: 'max' }), (start, steps) => {
      let line = new LineOrder()
      const model = new ListedLine()
      model.end = start
      for (const one of steps) {
        line = apply(line, model, one)
        expectSame(line, model)
      }
    }),
    { numRuns: 60 },
  )
})

test('LIN-9 the number at any place is found, and beyond the line there is none', () => {
  fc.assert(
    fc.property(fc.constantFrom(0, 31, 4_294_000_000), fc.array(step, { maxLength: 80, size: 'max' }), (start, steps) => {
      let line = new LineOrder()
      const model = new ListedLine()
      model.end = start
      for (const one of steps) line = apply(line, model, one)
      expect(model.numbers.map((_, place) => line.numberAt(place))).toEqual(model.numbers)
      for (const place of [-1, line.size, line.size + 40]) expect(line.numberAt(place)).toBe(-1)
    }),
  )
})

test('LIN-2 numbers join in rising order only', () => {
  const line = new LineOrder()
  line.add(7)
  expect(() => line.add(7)).toThrow('joins the line behind 7')
  expect(() => line.add(6)).toThrow('joins the line behind 7')
  line.remove(7)
  expect(() => line.add(7)).toThrow('joins the line behind 7')
  line.add(8)
  expect(line.first()).toBe(8)
})

test('LIN-3 a bitmap carries the whole line, its end and its emptiness', () => {
  const line = new LineOrder()
  for (let number = 100; number < 1_000; number += 3) line.add(number)
  for (let number = 100; number < 400; number += 3) line.remove(number)
  const { from, bits } = line.toBitmap()
  expect(from).toBeLessThanOrEqual(400)
  expect(bits.length).toBeLessThan((1_000 - 400) / 8 + 8)
  const copy = LineOrder.fromBitmap(from, bits, 1_000)
  expect([copy.size, copy.first(), copy.countBefore(700)]).toEqual([line.size, line.first(), line.countBefore(700)])
  expect(() => copy.add(999)).toThrow('joins the line')
  copy.add(1_000)
  expect(copy.has(1_000)).toBe(true)

  const empty = new LineOrder()
  empty.add(50)
  empty.remove(50)
  const none = empty.toBitmap()
  expect(none).toEqual({ from: 51, bits: new Uint8Array(0) })
  const reborn = LineOrder.fromBitmap(none.from, none.bits, 51)
  expect([reborn.size, reborn.first(), reborn.countBefore(60), reborn.nextFrom(0)]).toEqual([0, -1, 0, -1])
})

test('LIN-4 a bitmap read out at any offset of its bytes is read right', () => {
  const line = new LineOrder()
  for (let number = 3; number < 300; number += 7) line.add(number)
  const { from, bits } = line.toBitmap()
  const shifted = new Uint8Array(bits.length + 3)
  shifted.set(bits, 3)
  const copy = LineOrder.fromBitmap(from, shifted.subarray(3), 300)
  expect(copy.toBitmap()).toEqual({ from, bits })
})

test('LIN-5 a line of 100,000 that is served from the front and joined at the end keeps every position', () => {
  const line = new LineOrder()
  const people = 100_000
  for (let number = 1; number <= people; number++) line.add(number)
  for (let number = 1; number <= people; number += 97) expect(line.countBefore(number)).toBe(number - 1)
  for (let number = 2; number <= people; number += 2) line.remove(number)
  for (let number = 1; number <= people; number += 194) expect(line.countBefore(number)).toBe((number - 1) / 2)
  for (let round = 0; round < people / 2; round++) {
    const first = line.first()
    if (first !== 1 + 2 * round) expect.fail(`${first} is served in round ${round}`)
    line.remove(first)
    line.add(people + 1 + round)
  }
  expect(line.size).toBe(people / 2)
  expect(line.countBefore(people + people / 2)).toBe(people / 2 - 1)
})

test('LIN-6 a line that empties and fills again starts over at the new numbers, with no memory of the old ones', () => {
  const line = new LineOrder()
  for (let round = 0; round < 2_000; round++) {
    const number = round * 977
    line.add(number)
    line.add(number + 40)
    expect([line.size, line.first(), line.countBefore(number + 40), line.nextFrom(0), line.has(number - 977)]).toEqual([
      2,
      number,
      1,
      number,
      false,
    ])
    line.remove(number)
    line.remove(number + 40)
    expect([line.size, line.first(), line.nextFrom(number), line.countBefore(number + 41)]).toEqual([0, -1, -1, 0])
  }
  expect(line.toBitmap().bits.length).toBe(0)
})
