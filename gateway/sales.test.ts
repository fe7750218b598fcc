import { expect, test } from 'vitest'
import type { SkuNumbers } from '../protocol/broadcast.ts'
import { SaleNews, salesOf } from './sales.ts'
import { SkuView } from './sku-view.ts'
import { skuChange, skuSettings, skuView } from './view-fixtures.ts'

const soldOut: Partial<SkuNumbers> = { available: 0, sold: 10 }

test('GW-44 a sale is the SKUs that name it, and sales come in order of opening', () => {
  const [lamp, rug] = [viewOf('lamp', 'late', 2_000), viewOf('rug', 'late', 2_000)]
  const sales = salesOf([lamp, viewOf('vase', 'early', 1_000), rug])
  expect(sales.map((sale) => [sale.sale, sale.opensAt, sale.skus.map((sku) => sku.sku)])).toEqual([
    ['early', 1_000, ['vase']],
    ['late', 2_000, ['lamp', 'rug']],
  ])
})

test.each<[readonly Partial<SkuNumbers>[], string]>([
  [[{ phase: 'scheduled' }, { phase: 'scheduled' }], 'scheduled'],
  [[{ phase: 'open' }, { phase: 'scheduled' }], 'open'],
  [[{ phase: 'open' }, { phase: 'paused' }], 'open'],
  [[{ phase: 'paused' }, { phase: 'paused' }], 'paused'],
  [[{ phase: 'paused' }, { phase: 'closed' }], 'paused'],
  [[{ phase: 'closed' }, { phase: 'closed' }], 'over'],
  [[soldOut, soldOut], 'over'],
  [[soldOut, { phase: 'closed' }], 'over'],
  [[soldOut, { available: 0, held: 1, sold: 9 }], 'open'],
  [[{ available: 0, sold: 0 }], 'open'],
])('GW-44 a sale of SKUs that are %j is %s', (skus, state) => {
  const views = skus.map((numbers, n) => viewOf(`sku-${n}`, 'drop', 0, numbers))
  expect(salesOf(views).map((sale) => sale.state)).toEqual([state])
})

test('GW-44 a sale is news when it comes, when its state changes and when what it offers does, to the watchers of all its SKUs', () => {
  const news = new SaleNews()
  const [lamp, rug] = [viewOf('lamp', 'drop', 0), viewOf('rug', 'drop', 0)]
  expect(news.of(lamp, undefined)).toMatchObject({ sale: { state: 'open' } })
  expect(news.of(rug, undefined)).toBeUndefined()
  const pause = (view: SkuView) => {
    const change = skuChange(view.settings, { phase: 'paused' })
    view.apply(change)
    return news.of(view, change)
  }
  expect(pause(lamp)).toBeUndefined()
  expect(pause(rug)).toMatchObject({ sale: { sale: 'drop', state: 'paused' }, skus: [lamp, rug] })
  expect(pause(rug)).toBeUndefined()
  const renamed = skuChange(rug.settings, { phase: 'paused', settings: { ...rug.settings, title: 'Rug, better' } })
  rug.apply(renamed)
  expect(news.of(rug, renamed)?.sale.skus.map((sku) => sku.title)).toEqual(['lamp', 'Rug, better'])
})

function viewOf(sku: string, sale: string, opensAt: number, numbers: Partial<SkuNumbers> = {}): SkuView {
  const settings = skuSettings(sku, {}, opensAt, sale)
  return new SkuView(0, skuView(settings, numbers))
}
