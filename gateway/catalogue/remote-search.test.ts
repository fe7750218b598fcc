import { afterEach, beforeEach, expect, test } from 'vitest'
import { LocalBus } from '../../cluster/local-bus.ts'
import { ManualWorld } from '../../cluster/manual-world.ts'
import type { RemoteIndex, SearchFound } from '../../cluster/search-index.ts'
import { nothingShared, type SharedRecord, type VersionedBytes } from '../../cluster/shared-record.ts'
import { checkProduct, type Product } from '../../protocol/product.ts'
import type { SearchQuestion } from '../../protocol/search.ts'
import { SkuView } from '../sku-view.ts'
import { skuChange, skuSettings, skuView } from '../view-fixtures.ts'
import { Catalogue } from './catalogue.ts'
import { LocalDesk } from './local-desk.ts'
import { Offers } from './offers.ts'
import { ScriptedTable } from './scripted-table.ts'
import { Search } from './search.ts'

/** The index that gateways share; may be away, or be lost. */
class SharedDesk extends LocalDesk implements RemoteIndex {
  private isMade = false
  searches = 0
  applied = 0

  async prepare(): Promise<'there' | 'made'> {
    if (this.isAway) throw new Error('away')
    const was = this.isMade
    this.isMade = true
    return was ? 'there' : 'made'
  }

  override async search(question: SearchQuestion): Promise<SearchFound | 'busy'> {
    this.searches++
    return super.search(question)
  }

  override async apply(changes: Parameters<LocalDesk['apply']>[0]): Promise<void> {
    await super.apply(changes)
    this.applied += changes.length
  }

  forget(): void {
    this.lose()
    this.isMade = false
  }
}

class MemoryRecord implements SharedRecord {
  private kept: VersionedBytes = nothingShared

  async read(known: string): Promise<VersionedBytes | undefined> {
    return this.kept.version === known ? undefined : this.kept
  }

  async write(known: string, next: VersionedBytes): Promise<'stored' | 'overtaken'> {
    if (this.kept.version !== known) return 'overtaken'
    this.kept = next
    return 'stored'
  }
}

interface Gateway {
  readonly search: Search
  readonly catalogue: Catalogue
  readonly offers: Offers
  readonly local: LocalDesk
}

let world: ManualWorld
let table: ScriptedTable
let bus: LocalBus
let shared: SharedDesk
let record: MemoryRecord
const gateways: Gateway[] = []

beforeEach(() => {
  world = new ManualWorld()
  table = new ScriptedTable()
  bus = new LocalBus(world.log)
  shared = new SharedDesk()
  record = new MemoryRecord()
})
afterEach(() => {
  for (const one of gateways.splice(0)) end(one)
})

test('SRC-40 one of the gateways fills the shared index and feeds it, and all of them search it', async () => {
  const [one, other] = [await open(), await open()]
  await one.catalogue.put([product('lamp')])
  await world.pass(5_000)
  expect(shared.rebuilds).toBe(1)
  expect(await all([one, other], 'lamp')).toEqual([1, 1])
  expect(shared.searches).toBe(2)
  shared.applied = 0
  await other.catalogue.put([product('chair')])
  await world.pass(100)
  expect(await all([one, other], 'chair')).toEqual([1, 1])
  expect([shared.size, shared.applied]).toEqual([2, 1])
})

test('SRC-40 the states of sales get there too', async () => {
  const [one, other] = [await open(), await open()]
  await world.pass(5_000)
  const view = new SkuView(0, skuView(skuSettings('lamp')))
  for (const { offers } of [one, other]) offers.take(view)
  await world.pass(100)
  expect(await count(one, { state: 'open' })).toBe(1)
  view.apply(skuChange(skuSettings('lamp'), { available: 0, sold: 10 }))
  for (const { offers } of [one, other]) offers.take(view)
  await world.pass(100)
  expect([await count(other, { state: 'open' }), await count(other, { state: 'soldout' }), shared.applied]).toEqual([0, 1, 2])
})

test('SRC-41 while it is away the index of the process answers, and nobody waits for it', async () => {
  const one = await open()
  await one.catalogue.put([product('lamp')])
  await world.pass(5_000)
  shared.isAway = true
  for (let n = 0; n < 3; n++) expect(await all([one], 'lamp')).toEqual([1])
  expect(shared.searches).toBe(1)
  shared.isAway = false
  await world.pass(2_000)
  expect(await all([one], 'lamp')).toEqual([1])
  expect(shared.searches).toBe(2)
  expect(world.logged.filter(({ level }) => level === 'warn')).toHaveLength(1)
})

test('SRC-42 what changed while it was away is brought up when it is back, without a rebuild', async () => {
  const one = await open()
  await one.catalogue.put([product('lamp'), product('chair')])
  await world.pass(5_000)
  shared.isAway = true
  await one.catalogue.put([product('torch')])
  await one.catalogue.remove([product('lamp').product])
  one.offers.take(new SkuView(0, skuView(skuSettings('chair'))))
  await world.pass(5_000)
  shared.isAway = false
  await world.pass(5_000)
  expect(shared.rebuilds).toBe(1)
  expect(await countIn(shared, {})).toBe(2)
  expect([await countIn(shared, { text: 'torch' }), await countIn(shared, { state: 'open' })]).toEqual([1, 1])
})

test('SRC-43 when the gateway that feeds it goes or dies, another one goes on where it was', async () => {
  const one = await open()
  await one.catalogue.put([product('lamp')])
  await world.pass(5_000)
  const other = await open()
  await world.pass(5_000)
  await one.search.farewell()
  end(one)
  await other.catalogue.put([product('chair')])
  await world.pass(2_500)
  expect(await countIn(shared, { text: 'chair' })).toBe(1)
  const third = await open()
  await world.pass(5_000)
  // Without a word.
  end(other)
  await third.catalogue.put([product('torch')])
  await world.pass(10_000)
  expect([await countIn(shared, { text: 'torch' }), shared.rebuilds]).toEqual([1, 1])
})

test('SRC-44 an index that is gone is made and filled again; a rebuild in a quiet minute makes it anew too', async () => {
  const one = await open()
  await one.catalogue.put([product('lamp')])
  await world.pass(5_000)
  shared.forget()
  await world.pass(5_000)
  expect([await countIn(shared, {}), shared.rebuilds]).toEqual([1, 2])
  one.search.reindex('quiet')
  await world.pass(120_000)
  expect([shared.rebuilds, one.local.rebuilds]).toEqual([3, 2])
})

async function open(): Promise<Gateway> {
  const local = new LocalDesk()
  const catalogue = new Catalogue({ table, bus, world })
  const offers = new Offers()
  const search = new Search({ catalogue, offers, index: local, world, calls: () => 0, reindexHours: 24, remote: { index: shared, record } })
  const gateway = { search, catalogue, offers, local }
  gateways.push(gateway)
  await catalogue.start()
  search.start()
  return gateway
}

function end({ search, catalogue }: Gateway): void {
  search.close()
  catalogue.close()
}

function all(list: readonly Gateway[], text: string): Promise<readonly number[]> {
  return Promise.all(list.map((one) => count(one, { text })))
}

async function count({ search }: Gateway, question: Partial<SearchQuestion>): Promise<number> {
  const found = await search.search({ text: '', skip: 0, limit: 10, ...question })
  return typeof found === 'string' ? -1 : found.products.length
}

async function countIn(index: SharedDesk, question: Partial<SearchQuestion>): Promise<number> {
  const found = await index.search({ text: '', skip: 0, limit: 10, ...question })
  return found === 'busy' ? -1 : found.total
}

function product(name: string): Product {
  const checked = checkProduct({ product: name, title: name, priceMinor: 100 })
  if (checked.kind === 'problems') throw new Error(checked.problems.join())
  return checked.value
}
