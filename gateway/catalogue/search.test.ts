import { afterEach, beforeEach, expect, test } from 'vitest'
import { LocalBus } from '../../cluster/local-bus.ts'
import { ManualWorld } from '../../cluster/manual-world.ts'
import { parseProductId, type ProductId } from '../../protocol/ids.ts'
import { checkProduct, type Product } from '../../protocol/product.ts'
import type { SearchQuestion } from '../../protocol/search.ts'
import { SkuView } from '../sku-view.ts'
import { skuChange, skuSettings, skuView } from '../view-fixtures.ts'
import { Catalogue } from './catalogue.ts'
import { LocalDesk } from './local-desk.ts'
import { Offers } from './offers.ts'
import { ScriptedTable } from './scripted-table.ts'
import { Search } from './search.ts'

let world: ManualWorld
let table: ScriptedTable
let index: LocalDesk
let catalogue: Catalogue
let offers: Offers
let search: Search
let calls: number

const minuteMs = 60_000

beforeEach(async () => {
  world = new ManualWorld()
  table = new ScriptedTable()
  index = new LocalDesk()
  calls = 0
  catalogue = new Catalogue({ table, bus: new LocalBus(world.log), world })
  offers = new Offers()
  search = new Search({ catalogue, offers, index, world, calls: () => calls, reindexHours: 24 })
  await catalogue.start()
})
afterEach(() => {
  catalogue.close()
  search.close()
})

test('SRC-11 at the start the index takes in the whole catalogue and what only sales have; before that a search is told to wait', async () => {
  await catalogue.put(Array.from({ length: 120 }, (_, n) => product(`p-${n}`)))
  offers.take(new SkuView(0, skuView(skuSettings('torch'))))
  expect(await search.search(ask())).toBe('building')
  search.start()
  await world.pass(1_000)
  expect(await search.search(ask())).toMatchObject({ total: 121 })
  expect(await find({ text: 'torch' })).toEqual(['torch'])
  expect(search.status()).toMatchObject({ state: 'ready', documents: 121 })
})

test('SRC-12 a change is found at once, and told as catalogue and sale have it', async () => {
  search.start()
  await world.pass(1_000)
  await catalogue.put([product('lamp', { title: 'Sotto voce', priceMinor: 200 })])
  await search.settled()
  expect(await find({ text: 'sotto' })).toEqual(['lamp'])
  expect(await find({ priceMax: 199 })).toEqual([])
  await catalogue.put([product('lamp', { title: 'Sotto voce', priceMinor: 150 })])
  await search.settled()
  expect(await search.search(ask({ priceMax: 199 }))).toMatchObject({ products: [{ product: 'lamp', priceMinor: 150, state: 'none' }] })
  await catalogue.remove([id('lamp')])
  await search.settled()
  expect(await find({ text: 'sotto' })).toEqual([])
})

test('SRC-13 a product is found by the sale that it is in, and by the state of that sale as it changes', async () => {
  await catalogue.put([product('lamp', { title: 'Sotto voce' })])
  search.start()
  await world.pass(1_000)
  const settings = skuSettings('lamp-2', { product: 'lamp', priceMinor: 7 }, 0, 'drop')
  const view = new SkuView(0, skuView(settings, { phase: 'scheduled' }))
  offers.take(view)
  await search.settled()
  expect(await find({ sale: 'drop', state: 'scheduled', priceMax: 7 })).toEqual(['lamp'])
  view.apply(skuChange(settings, { available: 0, sold: 10 }))
  offers.take(view)
  await search.settled()
  expect([await find({ state: 'scheduled' }), await find({ state: 'soldout' })]).toEqual([[], ['lamp']])
  view.apply(skuChange(settings, { phase: 'closed' }))
  offers.take(view)
  await search.settled()
  expect([await find({ sale: 'drop' }), await find({ text: 'sotto', state: 'none' })]).toEqual([[], ['lamp']])
})

test('SRC-14 a rebuild starts by itself in a quiet minute once it is due, and not in a busy one', async () => {
  search.start()
  await world.pass(1_000)
  expect(index.rebuilds).toBe(1)
  await minutes(26 * 60, 1_000)
  expect(search.status().dueAt).toBeLessThan(world.clock.now())
  expect(index.rebuilds).toBe(1)
  await minutes(2, 90)
  expect(index.rebuilds).toBe(2)
  // It is not due again before its time, however quiet it is.
  await minutes(21 * 60, 0)
  expect(index.rebuilds).toBe(2)
  await minutes(6 * 60, 0)
  expect(index.rebuilds).toBe(3)
})

test('SRC-14 an operator asks for one in the next quiet minute, or now', async () => {
  search.start()
  await minutes(3, 1_000)
  search.reindex('quiet')
  await minutes(3, 1_000)
  expect(index.rebuilds).toBe(1)
  await minutes(1, 10)
  expect(index.rebuilds).toBe(2)
  await minutes(1, 1_000)
  search.reindex('now')
  await world.pass(1_000)
  expect(index.rebuilds).toBe(3)
})

test('SRC-15 a rebuild reads everything once, goes on answering, and misses nothing that changes meanwhile', async () => {
  await catalogue.put(Array.from({ length: 500 }, (_, n) => product(`p-${n}`)))
  search.start()
  await world.pass(1_000)
  search.reindex('now')
  // In the middle.
  await world.pass(10)
  expect(search.status().state).toBe('building')
  await catalogue.put([product('p-0', { title: 'Another' }), product('late')])
  await catalogue.remove([id('p-1')])
  await search.settled()
  expect(await search.search(ask())).toMatchObject({ total: 500 })
  await world.pass(1_000)
  expect(search.status()).toMatchObject({ state: 'ready', documents: 500 })
  expect([await find({ text: 'another' }), await find({ text: 'late' }), await find({ text: 'p 1', limit: 1 })]).toEqual([
    ['p-0'],
    ['late'],
    ['p-10'],
  ])
})

test('SRC-16 an index whose thread died is filled again; one that cannot be filled is tried until it can', async () => {
  await catalogue.put([product('lamp')])
  search.start()
  await world.pass(1_000)
  index.lose()
  expect(await search.search(ask())).toBe('building')
  await world.pass(1_000)
  expect(await find({})).toEqual(['lamp'])
  index.isAway = true
  index.lose = () => {}
  search.reindex('now')
  await world.pass(5_000)
  index.isAway = false
  await world.pass(2_000)
  expect(search.status().state).toBe('ready')
  expect(world.logged.map(({ text }) => text)).toContain('the search index could not be made; it is tried again')
})

test('SRC-17 an index that is mostly worn out is made anew without waiting', async () => {
  await catalogue.put([product('lamp')])
  search.start()
  await world.pass(1_000)
  for (let n = 0; n < 101; n++) {
    await catalogue.put(Array.from({ length: 100 }, (_, k) => product(`p-${k}`, { title: `Round ${n}` })))
    calls += 100_000
  }
  await search.settled()
  expect(index.worn).toBe(10_000)
  await catalogue.put([product('p-0', { title: 'One more' })])
  await search.settled()
  await world.pass(10_000)
  expect([index.worn, index.rebuilds]).toEqual([0, 2])
})

async function minutes(count: number, callsEach: number): Promise<void> {
  for (let n = 0; n < count; n++) {
    calls += callsEach
    await world.pass(minuteMs)
  }
}

async function find(question: Partial<SearchQuestion>): Promise<readonly string[]> {
  const found = await search.search(ask(question))
  return typeof found === 'string' ? [found] : found.products.map((one) => one.product)
}

function ask(question: Partial<SearchQuestion> = {}): SearchQuestion {
  return { text: '', skip: 0, limit: 24, ...question }
}

function product(name: string, wish: Partial<Product> = {}): Product {
  const checked = checkProduct({ product: name, title: name, priceMinor: 100, ...wish })
  if (checked.kind === 'problems') throw new Error(checked.problems.join())
  return checked.value
}

function id(name: string): ProductId {
  const parsed = parseProductId(name)
  if (parsed === undefined) throw new Error(`${name} is no product`)
  return parsed
}
