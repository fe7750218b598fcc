import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Outlook } from './broadcast.ts'
import { estimateEta, estimateOdds, etaMaxSeconds } from './estimate.ts'

const outlook: Outlook = { ahead: [0, 10, 20], p50: [1.4, 11, 31], p90: [3.2, 20, 80], likely: 10, none: 50 }

test.each([
  { ahead: 0, told: undefined, eta: null, why: 'without an outlook nothing is told' },
  { ahead: 0, told: { ...outlook, ahead: [], p50: [], p90: [] }, eta: null, why: 'an outlook that names no place' },
  { ahead: 50, told: outlook, eta: null, why: 'a place that will hardly be served' },
  { ahead: 0, told: outlook, eta: [1, 4], why: 'the head: p50 to the nearest second, p90 to the next' },
  { ahead: 5, told: outlook, eta: [6, 12], why: 'between two places that are named' },
  { ahead: 10, told: outlook, eta: [11, 20], why: 'a place that is named' },
  { ahead: 49, told: outlook, eta: [31, 80], why: 'beyond the last place that is named' },
  {
    ahead: 0,
    told: { ...outlook, p50: [1e12, 1e12, 1e12], p90: [1e13, 1e13, 1e13] },
    eta: [etaMaxSeconds, etaMaxSeconds],
    why: 'at most a year',
  },
])('LIN-7 the time until a place is served: $why', ({ ahead, told, eta }) => {
  expect(estimateEta(ahead, told)).toEqual(eta)
})

test('LIN-7 whatever an outlook says, p50 is not above p90, and neither falls towards the end of the line', () => {
  fc.assert(
    fc.property(anyOutlook, fc.integer({ min: 0, max: 5_000 }), fc.integer({ min: 0, max: 500 }), (told, ahead, more) => {
      const [near, far] = [estimateEta(ahead, told), estimateEta(ahead + more, told)]
      if (near === null || far === null) return far === null
      const isInOrder = near[0] <= near[1] && near[0] <= far[0] && near[1] <= far[1]
      return isInOrder && [...near, ...far].every((seconds) => Number.isInteger(seconds) && seconds >= 0 && seconds <= etaMaxSeconds)
    }),
  )
})

const anyOutlook: fc.Arbitrary<Outlook> = fc
  .array(
    fc.tuple(fc.integer({ min: 1, max: 900 }), fc.double({ min: 0, max: 1e7, noNaN: true }), fc.double({ min: 0, max: 1e7, noNaN: true })),
    {
      minLength: 1,
      maxLength: 48,
    },
  )
  .map((steps) => {
    const told = { ahead: [] as number[], p50: [] as number[], p90: [] as number[] }
    for (const [places, more, spread] of steps) {
      told.ahead.push(told.ahead.length === 0 ? 0 : (told.ahead.at(-1) ?? 0) + places)
      told.p50.push((told.p50.at(-1) ?? 0) + more)
      told.p90.push(Math.max(told.p90.at(-1) ?? 0, (told.p50.at(-1) ?? 0) + spread))
    }
    return { ...told, likely: 1, none: (told.ahead.at(-1) ?? 0) + 1 }
  })

test.each([
  { ahead: 0, available: 0, held: 0, ordered: 0, told: outlook, odds: 'none', why: 'no unit can come free' },
  { ahead: 9, available: 0, held: 8, ordered: 2, told: outlook, odds: 'likely', why: 'as far as the outlook says' },
  { ahead: 10, available: 0, held: 8, ordered: 2, told: outlook, odds: 'unlikely', why: 'from there on' },
  { ahead: 49, available: 0, held: 8, ordered: 2, told: outlook, odds: 'unlikely', why: 'as far as there is a chance' },
  { ahead: 50, available: 0, held: 8, ordered: 2, told: outlook, odds: 'none', why: 'where there is hardly one' },
  { ahead: 4, available: 5, held: 3, ordered: 0, told: undefined, odds: 'likely', why: 'without an outlook, the free units reach it' },
  {
    ahead: 6,
    available: 5,
    held: 10,
    ordered: 0,
    told: undefined,
    odds: 'likely',
    why: 'without an outlook, a fifth of the open units comes back',
  },
  { ahead: 7, available: 5, held: 10, ordered: 0, told: undefined, odds: 'unlikely', why: 'without an outlook, these end just before it' },
])('LIN-8 the odds of a place: $why', ({ ahead, available, held, ordered, told, odds }) => {
  expect(estimateOdds(ahead, { available, held, ordered, outlook: told })).toBe(odds)
})
