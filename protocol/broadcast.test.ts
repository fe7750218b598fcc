import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { appendToRuns, eachOfRuns } from './broadcast.ts'

const rising = fc
  .uniqueArray(fc.oneof(fc.nat(60), fc.nat(0xffff_ffff)), { maxLength: 60 })
  .map((numbers) => numbers.toSorted((a, b) => a - b))

test('PRO-23 runs give back the numbers that were appended, and neighbours share a run', () => {
  fc.assert(
    fc.property(rising, (numbers) => {
      const runs: number[] = []
      for (const number of numbers) appendToRuns(runs, number)
      const read: number[] = []
      eachOfRuns(runs, (number) => read.push(number))
      expect(read).toEqual(numbers)
      const gaps = numbers.filter((number, n) => n === 0 || numbers[n - 1] !== number - 1).length
      expect(runs).toHaveLength(gaps * 2)
    }),
  )
})
