import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { appendToRuns, type SkuChange, type SkuNumbers, type SkuView as SkuViewData } from '../protocol/broadcast.ts'
import { hashText } from '../protocol/hash.ts'
import { LineOrder } from '../protocol/line-order.ts'
import { SkuView } from './sku-view.ts'
import { skuSettings } from './view-fixtures.ts'

const settings = skuSettings('lamp')
const numbers: SkuNumbers = {
  phase: 'open',
  available: 1,
  held: 2,
  ordered: 3,
  sold: 4,
  waiting: 5,
  servedPerSecond: 1,
  releaseShare: 0.1,
}
const empty: SkuViewData = { sku: settings.sku, settings, ...numbers, lineFrom: 1, lineEnd: 1, line: new Uint8Array(0) }
const nothing = { sku: settings.sku, ...numbers, joined: [], left: [], changed: [] }

test('GW-50 a view is what its shard said, and says it as clients read it', () => {
  const view = new SkuView(3, empty)
  expect(view.status()).toEqual({ sku: 'lamp', available: 1, held: 2, ordered: 3, sold: 4, waiting: 5, state: 'open' })
  expect(view.info()).toMatchObject({
    ...view.status(),
    sale: 'sale-of-lamp',
    title: 'lamp',
    priceMinor: 9_900,
    currency: 'EUR',
    perUserMax: 1,
  })
  expect([view.shard, view.skuHash]).toEqual([3, hashText('lamp')])
})

test('GW-50 a change replaces the numbers, and the settings if it brings new ones', () => {
  const view = new SkuView(0, empty)
  view.apply({ ...nothing, available: 9, phase: 'paused' })
  expect(view.status()).toMatchObject({ available: 9, state: 'paused' })
  expect(view.settings).toBe(settings)
  view.apply({ ...nothing, settings: { ...settings, title: 'Lamp, better' } })
  expect(view.info().title).toBe('Lamp, better')
})

test('GW-51 the line moves with those who join and leave, and its version tells that it moved', () => {
  const view = new SkuView(0, empty)
  view.apply({ ...nothing, joined: [10, 3, 20, 1] })
  expect([10, 11, 12, 20].map((claim) => view.line.countBefore(claim))).toEqual([0, 1, 2, 3])
  const { lineVersion } = view
  view.apply({ ...nothing, left: [10, 2] })
  expect([12, 20].map((claim) => view.line.countBefore(claim))).toEqual([0, 1])
  expect(view.lineVersion).toBeGreaterThan(lineVersion)
  const unmoved = view.lineVersion
  view.apply({ ...nothing, changed: [10, 1] })
  expect(view.lineVersion).toBe(unmoved)
})

test('GW-51 the same changes twice, or on top of a view that has them, change nothing', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(3), { minLength: 1, maxLength: 60 }), fc.nat(60), (steps, cut) => {
      const { changes, waiting, next } = history(steps)
      const whole = new SkuView(0, viewOf(waiting, next))
      const late = new SkuView(0, empty)
      for (const change of changes) late.apply(change)
      for (const change of changes.slice(Math.min(cut, changes.length))) whole.apply(change)
      for (const change of changes) late.apply(change)
      return sameLine(whole.line, waiting, next) && sameLine(late.line, waiting, next)
    }),
  )
})

test('GW-52 when all is sold, everyone but the buyers is refused', () => {
  const view = new SkuView(0, empty)
  const [buyer, other] = [hashText('anna'), hashText('ben')]
  view.apply({ ...nothing, available: 0, held: 0, ordered: 0, sold: 10, buyers: buyersOf('anna', 'cleo') })
  expect([view.refusesAsSoldOut(other), view.refusesAsSoldOut(buyer), view.refusesAsSoldOut(hashText('cleo'))]).toEqual([
    true,
    false,
    false,
  ])
})

test.each([
  ['is free', { available: 1, held: 0, ordered: 0, sold: 9 }],
  ['is held', { available: 0, held: 1, ordered: 0, sold: 9 }],
  ['is on order', { available: 0, held: 0, ordered: 1, sold: 9 }],
  ['was ever put in', { available: 0, held: 0, ordered: 0, sold: 0 }],
])('GW-52 nobody is refused while a unit %s', (_, units) => {
  const view = new SkuView(0, empty)
  view.apply({ ...nothing, ...units, buyers: buyersOf('anna') })
  expect(view.refusesAsSoldOut(hashText('ben'))).toBe(false)
})

test('GW-52 nobody is refused while the buyers are not known, or after a restock', () => {
  const view = new SkuView(0, empty)
  const soldOut = { available: 0, held: 0, ordered: 0, sold: 10 }
  view.apply({ ...nothing, ...soldOut })
  expect(view.refusesAsSoldOut(hashText('ben'))).toBe(false)
  view.apply({ ...nothing, ...soldOut, buyers: buyersOf('anna') })
  expect(view.refusesAsSoldOut(hashText('ben'))).toBe(true)
  view.apply({ ...nothing, ...soldOut, available: 1 })
  expect(view.refusesAsSoldOut(hashText('ben'))).toBe(false)
  view.replace({ ...empty, ...soldOut, buyers: buyersOf('anna') })
  expect(view.refusesAsSoldOut(hashText('ben'))).toBe(true)
})

/** A run of joins and leaves, as a shard would broadcast it: one change per step. */
function history(steps: readonly number[]): { changes: SkuChange[]; waiting: readonly number[]; next: number } {
  const changes: SkuChange[] = []
  let waiting: number[] = []
  let next = 1
  for (const step of steps) {
    const joined: number[] = []
    const left: number[] = []
    for (let i = 0; i < step; i++) {
      appendToRuns(joined, next)
      waiting.push(next++)
    }
    if (step === 0) next++
    const leaver = waiting[step * 2]
    if (leaver !== undefined) {
      appendToRuns(left, leaver)
      waiting = waiting.filter((claim) => claim !== leaver)
    }
    changes.push({ ...nothing, joined, left })
  }
  return { changes, waiting, next }
}

function viewOf(waiting: readonly number[], next: number): SkuViewData {
  const order = new LineOrder()
  for (const claim of waiting) order.add(claim)
  const { from, bits } = order.toBitmap()
  return { ...empty, lineFrom: waiting.length === 0 ? next : from, lineEnd: next, line: bits }
}

function sameLine(line: LineOrder, waiting: readonly number[], next: number): boolean {
  const members = Array.from({ length: next }, (_, claim) => claim).filter((claim) => line.has(claim))
  return line.size === waiting.length && members.every((claim, ahead) => claim === waiting[ahead] && line.countBefore(claim) === ahead)
}

function buyersOf(...users: readonly string[]): Uint8Array {
  return new Uint8Array(Uint32Array.from(users.map(hashText)).buffer)
}
