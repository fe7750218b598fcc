import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { finish } from '../work.ts'
import { EndedClaims } from './ended-claims.ts'

function listed(ended: EndedClaims): number[][] {
  const { claims, times } = ended.save()
  const at = new Float64Array(times.buffer)
  return Array.from(new Uint32Array(claims.buffer), (claim, i) => [claim, at[i] as number])
}

/** Every other claim was an order, and every other order has a tag. */
function tagOf(claim: number): number | undefined {
  return claim % 2 === 0 ? undefined : (claim % 4) - 1
}

test('INV-85 ended claims come out oldest first, by their time, however the ring wraps and grows', () => {
  const step = fc.oneof(
    fc.record({ kind: fc.constant('push' as const), count: fc.nat(90), laterMs: fc.nat(50) }),
    fc.record({ kind: fc.constant('shift' as const), count: fc.nat(90) }),
  )
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40, size: 'max' }), (steps) => {
      const ended = new EndedClaims()
      const model: [number, number][] = []
      let now = 1_000
      let claim = 0
      for (const one of steps) {
        if (one.kind === 'push') {
          for (let i = 0; i < one.count; i++) {
            now += one.laterMs
            ended.push(++claim, now, tagOf(claim))
            model.push([claim, now])
          }
        } else for (let i = 0; i < one.count && model.length > 0; i++) expect(ended.shift()).toBe(model.shift()?.[0])
        expect(ended.length).toBe(model.length)
        expect(listed(ended)).toEqual(model)
        const copy = new EndedClaims()
        finish(copy.restore(ended.save()))
        expect(listed(copy)).toEqual(model)
        for (const kept of [ended, copy]) {
          const [first] = model[0] ?? []
          expect(first === undefined ? undefined : kept.find(first)).toEqual(first === undefined ? undefined : { orderTag: tagOf(first) })
          expect(kept.find((first ?? claim + 1) - 1)).toBeUndefined()
        }
        const middle = model[model.length >> 1]?.[1] ?? 0
        const due = model.filter(([, at]) => at <= middle).length
        expect(ended.countUntil(middle, 1_000_000)).toBe(due)
        expect(ended.countUntil(middle, 3)).toBe(Math.min(due, 3))
      }
    }),
    { numRuns: 30 },
  )
  expect(() => new EndedClaims().shift()).toThrow('no ended claim')
})

test('INV-85 an ended claim of an older snapshot may have been an order', () => {
  const ended = new EndedClaims()
  ended.push(1, 1_000, undefined)
  const { claims, times } = ended.save()
  const copy = new EndedClaims()
  finish(copy.restore({ claims, times }))
  expect(copy.find(1)).toEqual({ orderTag: 0 })
})
