import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { DrawRig, names } from '../testing/draw-rig.ts'
import { seedNumber } from '../testing/plain-draw.ts'
import { finish } from '../work.ts'
import { Chance } from './chance.ts'
import { drawnOrder } from './drawn-order.ts'

const people = 10
const draws = 4_000
/** Of 81 degrees of freedom: 1 draw in 1,000 would be above, and the seeds are always the same. */
const chiSquareMax = 125

/** How far the places that everybody had in many draws are from even: chi-square over person and place. */
function chiSquareOf(orderOf: (draw: number) => ArrayLike<number>): number {
  const counts = new Uint32Array(people * people)
  for (let draw = 0; draw < draws; draw++) {
    const order = orderOf(draw)
    for (let place = 0; place < people; place++) {
      const cell = (order[place] as number) * people + place
      counts[cell] = (counts[cell] as number) + 1
    }
  }
  const expected = draws / people
  return counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0)
}

/** A shuffle by `pick`, which says with which place each is exchanged. */
function shuffled(draw: number, pick: (chance: Chance, place: number) => number): number[] {
  const chance = new Chance(seedNumber(draw))
  const order = Array.from({ length: people }, (_, i) => i)
  for (let place = people - 1; place > 0; place--) {
    const other = pick(chance, place)
    const moved = order[place] as number
    order[place] = order[other] as number
    order[other] = moved
  }
  return order
}

test('DRAW-3 every entry of a roster, whatever its id, is equally likely at every position, over seeds and over beacons', () => {
  const rosterHash = Buffer.alloc(32, 4)
  expect(chiSquareOf((draw) => finish(drawnOrder({ seed: seedNumber(draw), rosterHash, beacon: undefined }, people)))).toBeLessThan(
    chiSquareMax,
  )
  const seed = seedNumber(1)
  const beaconOf = (draw: number) => ({ source: 'drand', round: 7, value: Buffer.from(seedNumber(draw)).toString('hex') })
  expect(chiSquareOf((draw) => finish(drawnOrder({ seed, rosterHash, beacon: beaconOf(draw) }, people)))).toBeLessThan(chiSquareMax)
})

test.each<readonly [string, (chance: Chance, place: number) => number]>([
  ['exchanges each with any other place', (chance) => chance.below(people)],
  ['never leaves anyone where they are', (chance, place) => chance.below(place)],
  ['takes the remainder of a byte', (chance, place) => chance.below(16) % (place + 1)],
])('DRAW-3 a shuffle that %s would be noticed', (_what, pick) => {
  expect(chiSquareOf((draw) => shuffled(draw, (chance, place) => chance.below(place + 1)))).toBeLessThan(chiSquareMax)
  expect(chiSquareOf((draw) => shuffled(draw, pick))).toBeGreaterThan(2 * chiSquareMax)
})

test('DRAW-2 the order in a line after a draw is the same whoever came to the lobby first, and however much later the others came', () => {
  const everyone = names(12)
  const order = ((): readonly string[] => {
    const rig = new DrawRig()
    for (const user of everyone) rig.buy(user)
    rig.open()
    return rig.seated()
  })()
  const arrivals = fc.tuple(
    fc.shuffledSubarray([...everyone], { minLength: everyone.length }),
    fc.array(fc.nat(4_000), { minLength: everyone.length, maxLength: everyone.length }),
  )
  fc.assert(
    fc.property(arrivals, ([came, waits]) => {
      const rig = new DrawRig()
      for (const [i, user] of came.entries()) {
        rig.pass(waits[i] ?? 0)
        rig.buy(user)
      }
      rig.open()
      expect(rig.seated()).toEqual(order)
    }),
    { numRuns: 40 },
  )
})
