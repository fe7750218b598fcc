import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Outlook, ShardView } from '../../protocol/broadcast.ts'
import { estimateEta } from '../../protocol/estimate.ts'
import { InventoryRig, settingsOf } from '../testing/inventory-rig.ts'
import { rigStep, takeStep } from '../testing/rig-steps.ts'

function rigWith(overrides: Parameters<typeof settingsOf>[0] = {}): InventoryRig {
  const rig = new InventoryRig()
  rig.configure(settingsOf(overrides))
  return rig
}

/** `people` come at once and are told where they are. */
function crowd(rig: InventoryRig, people: number): void {
  rig.batch(Array.from({ length: people }, (_, i) => ({ op: 'buy' as const, sku: 'shoe', user: `u${i}` })))
  rig.actor.broadcast(rig.now)
}

/** Second by second, as a shard does. */
function pass(rig: InventoryRig, seconds: number): void {
  for (let second = 0; second < seconds; second++) {
    rig.pass(1_000)
    rig.actor.broadcast(rig.now)
  }
}

function outlookOf(rig: InventoryRig): Outlook | undefined {
  return rig.askInner<ShardView>({ op: 'view' }).skus[0]?.outlook
}

test('EST-1 nothing is told before a hold has ended, and then by everyone the same', () => {
  const rig = rigWith({ stock: 10 })
  crowd(rig, 40)
  expect(rig.claim('u20')).toMatchObject({ state: 'queued', eta: null })
  rig.leave('u0')
  rig.leave('u1')
  const content = rig.pass(1_000)
  expect(content).toBeUndefined()
  const [told] = rig.actor.broadcast(rig.now)?.skus ?? []
  expect(told?.outlook).toBeDefined()
  expect(told?.outlook).toEqual(outlookOf(rig))
  expect(rig.claim('u20')).toMatchObject({ eta: estimateEta(8, told?.outlook) })
  expect(estimateEta(8, told?.outlook)).not.toBeNull()
})

test('EST-2 nothing is told while the sale is paused or when nobody waits', () => {
  const rig = rigWith({ stock: 10 })
  crowd(rig, 12)
  rig.leave('u0')
  pass(rig, 2)
  expect(outlookOf(rig)).toBeDefined()
  rig.setPhase('paused')
  rig.actor.broadcast(rig.now)
  expect(rig.claim('u11')).toMatchObject({ state: 'queued', eta: null })
  rig.setPhase('open')
  pass(rig, 1)
  expect(outlookOf(rig)).toBeDefined()
  rig.leave('u11')
  pass(rig, 1)
  expect(outlookOf(rig)).toBeUndefined()
})

test('EST-3 holds that nobody pays come back when their time is over, not before', () => {
  const rig = rigWith({ stock: 50 })
  crowd(rig, 400)
  // Two rounds of holds run out, 10 s each.
  pass(rig, 22)
  const outlook = outlookOf(rig)
  // The second round ended just now, a second late as everything here is. The next ends in 10 s and goes to the first fifty; others wait for one more.
  for (const [ahead, from, to] of [
    [0, 9, 11],
    [40, 9, 11],
    [60, 18, 22],
  ] as const) {
    const [p50, p90] = estimateEta(ahead, outlook) ?? [0, 0]
    expect(p50, `p50 with ${ahead} ahead`).toBeGreaterThanOrEqual(from)
    expect(p90, `p90 with ${ahead} ahead`).toBeLessThanOrEqual(to)
  }
})

test('EST-4 a pace is kept: places wait for it, however many units are free', () => {
  const rig = rigWith({ stock: 1_000, grantsPerSecond: 10 })
  crowd(rig, 800)
  pass(rig, 3)
  const [p50, p90] = estimateEta(200, outlookOf(rig)) ?? [0, 0]
  expect(p50).toBeGreaterThan(18)
  expect(p90).toBeLessThan(24)
})

test('EST-5 whatever happened, p50 is not above p90, neither falls towards the end of the line, and both are numbers', () => {
  fc.assert(
    fc.property(fc.array(rigStep, { maxLength: 60, size: 'max' }), fc.integer({ min: 0, max: 3 }), (steps, grantsPerSecond) => {
      const rig = rigWith({ stock: 3, perUserMax: 3, grantsPerSecond })
      for (const one of steps) {
        takeStep(rig, one)
        rig.actor.broadcast(rig.now)
        expectSound(outlookOf(rig))
      }
    }),
    { numRuns: 150 },
  )
})

function expectSound(outlook: Outlook | undefined): void {
  if (outlook === undefined) return
  const { ahead, p50, p90, likely, none } = outlook
  expect([p50.length, p90.length]).toEqual([ahead.length, ahead.length])
  expect(ahead.length).toBeLessThanOrEqual(48)
  expect(likely).toBeLessThanOrEqual(none)
  for (let i = 0; i < ahead.length; i++) {
    expect(p50[i]).toBeGreaterThanOrEqual(p50[i - 1] ?? 0)
    expect(p90[i]).toBeGreaterThanOrEqual(Math.max(p90[i - 1] ?? 0, p50[i] ?? Infinity))
    expect(p90[i]).toBeLessThanOrEqual(365 * 86_400)
    expect(ahead[i]).toBeGreaterThan(ahead[i - 1] ?? -1)
  }
}

test('EST-6 a next owner, from a snapshot or the journal alone, knows what the former one had learned', () => {
  const rig = rigWith({ stock: 20, paymentTtlMs: 20_025 })
  crowd(rig, 100)
  for (let i = 0; i < 9; i++) rig.leave(`u${i}`)
  for (let i = 9; i < 15; i++) rig.checkout(`u${i}`)
  pass(rig, 5)
  rig.settle(10, 'paid')
  rig.settle(11, 'declined')
  pass(rig, 1)
  const before = outlookOf(rig)
  const snapshot = rig.actor.save()
  for (const from of [undefined, snapshot]) {
    rig.recover(from, from === undefined ? 0 : rig.journal.length, 0)
    rig.actor.broadcast(rig.now)
    const after = outlookOf(rig)
    expect(after?.ahead.length).toBeGreaterThan(3)
    // It has yet to learn how fast people leave and how the former owner's estimates came true: the same holds, the same rates.
    for (const place of [0, 10, 20]) {
      const [then, now] = [estimateEta(place, before)?.[0] ?? NaN, estimateEta(place, after)?.[0] ?? NaN]
      expect(Math.abs(then - now), `p50 with ${place} ahead`).toBeLessThanOrEqual(1 + then / 10)
    }
  }
})

test('EST-7 a broadcast makes a bounded number of outlooks, and every line has its turn', () => {
  const rig = new InventoryRig()
  const skus = Array.from({ length: 30 }, (_, i) => `sku${i}`)
  for (const sku of skus) rig.ask({ op: 'configure', payload: { settings: settingsOf({ sku, stock: 2 }), incarnation: `i${sku}` } })
  rig.pass(50)
  for (const sku of skus) {
    rig.batch(['a', 'b', 'c', 'd', 'e'].map((user) => ({ op: 'buy' as const, sku, user })))
    rig.ask({ op: 'leave', sku, user: 'a' })
  }
  const told = new Set<string>()
  for (let broadcasts = 1; broadcasts <= 4; broadcasts++) {
    rig.pass(100)
    const made = rig.actor.broadcast(rig.now)?.skus.filter((sku) => sku.outlook !== undefined && !told.has(sku.sku)) ?? []
    expect(made.length).toBeLessThanOrEqual(8)
    for (const { sku } of made) told.add(sku)
  }
  expect(told.size).toBe(30)
})

test('EST-8 what was told of places is counted when they are served or end, inside or outside', () => {
  const rig = rigWith({ stock: 30 })
  crowd(rig, 200)
  pass(rig, 60)
  const { served, insideP50, insideP90 } = rig.actor.estimates
  expect(served).toBeGreaterThan(20)
  expect(insideP90).toBeLessThanOrEqual(served)
  expect(insideP90 / served).toBeGreaterThan(0.5)
  expect(insideP50).toBeLessThanOrEqual(insideP90)
  const before = rig.actor.estimates.likely + rig.actor.estimates.unlikely
  rig.setPhase('closed')
  pass(rig, 1)
  const { likely, likelyServed, unlikely, unlikelyServed } = rig.actor.estimates
  expect(likely + unlikely, 'the end of the line is an outcome').toBeGreaterThan(before)
  expect(likelyServed + unlikelyServed).toBe(served)
})
