import fc from 'fast-check'
import { expect, test } from 'vitest'
import { finish, type Work } from '../work.ts'
import { Chance } from './chance.ts'
import { drawnOrder } from './drawn-order.ts'
import { entryIdBytes, Roster, rosterOrder } from './roster.ts'

test('DRAW-9 numbers below an end that divides 2^32 badly are still equally likely', () => {
  // A plain remainder would give the lower half of these twice as often as the upper half.
  const end = 2 ** 31 + 2 ** 30
  const chance = new Chance(Buffer.alloc(32, 3))
  const draws = 20_000
  let low = 0
  for (let i = 0; i < draws; i++) if (chance.below(end) < end / 3) low++
  // A third is expected, with a standard deviation of 67; the remainder would give half.
  expect(Math.abs(low - draws / 3)).toBeLessThan(300)
})

test('DRAW-10 whatever ids come, a roster has them in ascending order', () => {
  const ids = fc.uint8Array({ minLength: entryIdBytes, maxLength: entryIdBytes })
  fc.assert(
    fc.property(fc.array(ids, { maxLength: 200 }), (came) => {
      const order = finish(rosterOrder(Buffer.concat(came)))
      const sorted = [...order].map((entry) => Buffer.from(came[entry] ?? []).toString('hex'))
      expect(sorted).toEqual(came.map((id) => Buffer.from(id).toString('hex')).toSorted())
    }),
  )
})

test('DRAW-11 a draw among many is done in slices', () => {
  const size = 100_000
  const ids = new Uint8Array(size * entryIdBytes)
  const view = new DataView(ids.buffer)
  const chance = new Chance(Buffer.alloc(32, 9))
  for (let at = 0; at < ids.length; at += 4) view.setUint32(at, chance.below(2 ** 32))
  expect(slicesOf(rosterOrder(ids))).toBeGreaterThan(20)
  expect(slicesOf(new Roster(ids).hash())).toBeGreaterThan(1)
  expect(slicesOf(drawnOrder({ seed: Buffer.alloc(32), rosterHash: Buffer.alloc(32), beacon: undefined }, size))).toBeGreaterThan(4)
})

/** How often the work lets others go on; what it says of its progress never goes back. */
function slicesOf(work: Work<unknown>): number {
  let slices = 0
  for (let last = 0; ; slices++) {
    const step = work.next()
    if (step.done === true) return slices
    expect(step.value).toBeGreaterThanOrEqual(last)
    last = step.value
  }
}
