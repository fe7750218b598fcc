import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { ClaimRows } from './claim-rows.ts'

const step = fc.record({ gives: fc.boolean(), claim: fc.oneof(fc.nat(3_000), fc.nat(2_000_000)), row: fc.nat(1_000_000) })

test('INV-120 a claim number leads to its row, whichever others come and go', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 100 }), (steps) => {
      const rows = new ClaimRows()
      const model = new Map<number, number>()
      for (const { gives, claim, row } of steps) {
        if (gives) rows.set(claim, row)
        else rows.delete(claim)
        if (gives) model.set(claim, row)
        else model.delete(claim)
      }
      for (const { claim } of steps) expect(rows.get(claim)).toBe(model.get(claim) ?? -1)
      expect(rows.get(5_000_000)).toBe(-1)
    }),
  )
})

test('INV-120 numbers that nobody has any more take no memory', () => {
  const rows = new ClaimRows()
  const live = 10_000
  const numbers = 2_000_000
  const before = process.memoryUsage().arrayBuffers
  for (let claim = 1; claim <= numbers; claim++) {
    rows.set(claim, claim % live)
    if (claim > live) rows.delete(claim - live)
  }
  // A table of all of them would be 8 MB, and is copied when it grows.
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(3_000_000)
  expect(rows.get(numbers - live)).toBe(-1)
  expect(rows.get(numbers)).toBe(numbers % live)
})
