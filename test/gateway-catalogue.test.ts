import { afterEach, beforeEach, expect, test } from 'vitest'
import { ElasticIndex } from '../cluster/elastic-index.ts'
import { LocalDesk } from '../gateway/catalogue/local-desk.ts'
import type { SearchParts } from '../gateway/catalogue/search.ts'
import { skuChange, skuSettings } from '../gateway/view-fixtures.ts'
import { GatewayGroup } from './gateway-group.ts'
import type { GatewayRig } from './gateway-rig.ts'
import { ElasticServer } from './servers/elastic-server.ts'
import { LoggedWorld } from './servers/logged-world.ts'
import { until } from './servers/until.ts'

let group: GatewayGroup

beforeEach(async () => {
  group = await GatewayGroup.open()
})
afterEach(() => group.close())

const lamp = { product: 'lamp', title: 'Sotto voce', priceMinor: 12_900, categories: ['Light'], pictures: ['/lamp.svg'] }
const chair = { product: 'chair', title: 'Adagio', priceMinor: 49_500, categories: ['Seats'] }

test('CAT-20 what an operator writes everyone reads, by call and by GET, on every gateway', async () => {
  const [one, other] = [await start(), await start()]
  const operator = await one.rpc()
  expect(await operator.call('catalogue.put', [[lamp, chair]])).toMatchObject({ result: { products: 2 } })
  const told = {
    product: 'lamp',
    title: 'Sotto voce',
    priceMinor: 9_900,
    usualPriceMinor: 12_900,
    state: 'open',
    offers: [{ sku: 'lamp' }],
  }
  expect(await (await other.rpc()).call('catalogue.get', ['lamp'])).toMatchObject({ error: null, result: told })
  const read = await fetch(`${other.webUrl}/v1/products/lamp`)
  expect([read.status, await read.json()]).toMatchObject([200, { result: told }])
  expect(await operator.call('catalogue.get', ['chair'])).toMatchObject({ result: { priceMinor: 49_500, state: 'none', offers: [] } })
  expect(await operator.call('catalogue.get', ['anna', 'chair'])).toMatchObject({ result: { product: 'chair' } })
})

test('CAT-21 a GET says by its tag when a price has changed, in the catalogue or in the sale', async () => {
  const rig = await start()
  const operator = await rig.rpc()
  await operator.call('catalogue.put', [[lamp]])
  const first = await fetch(`${rig.webUrl}/v1/products/lamp`)
  const etag = first.headers.get('etag') ?? ''
  expect(first.headers.get('cache-control')).toContain('max-age=1')
  const again = (): Promise<Response> => fetch(`${rig.webUrl}/v1/products/lamp`, { headers: { 'if-none-match': etag } })
  expect((await again()).status).toBe(304)
  await operator.call('catalogue.put', [[{ ...lamp, priceMinor: 11_900 }]])
  expect(await (await again()).json()).toMatchObject({ result: { usualPriceMinor: 11_900, priceMinor: 9_900 } })
  await operator.call('catalogue.put', [[lamp]])
  expect((await again()).status).toBe(304)
  rig.broadcast({ toSeq: 2, skus: [skuChange(skuSettings('lamp'), { settings: skuSettings('lamp', { priceMinor: 5 }) })] })
  expect(await (await again()).json()).toMatchObject({ result: { priceMinor: 5 } })
})

test('CAT-22 what is not there, what is no product, and who may not write is told by a code', async () => {
  const rig = await start({ rpcOpen: false })
  const nobody = await rig.rpc()
  await nobody.call('auth', [rig.keys.backend])
  expect(await nobody.call('catalogue.get', ['chair'])).toMatchObject({ error: { code: 'UNKNOWN_PRODUCT' } })
  expect(await nobody.call('catalogue.get', ['a b'])).toMatchObject({ error: { code: 'MALFORMED' } })
  expect(await nobody.call('catalogue.put', [[lamp]])).toMatchObject({ error: { code: 'FORBIDDEN' } })
  expect(await nobody.call('catalogue.remove', [['lamp']])).toMatchObject({ error: { code: 'FORBIDDEN' } })
  expect((await fetch(`${rig.webUrl}/v1/products/chair`)).status).toBe(404)
  expect((await fetch(`${rig.webUrl}/v1/products/a%20b`)).status).toBe(400)
})

test('CAT-23 products that are wrong are refused together, each with its place, and none is written', async () => {
  const rig = await start()
  const operator = await rig.rpc()
  const wrong = await operator.call('catalogue.put', [[chair, { ...lamp, priceMinor: '1' }, { product: 'x y' }]])
  const message =
    'products[1]: priceMinor: must be a number; products[2]: product: must be 1 to 48 letters, digits, dots, dashes or underscores; ' +
    'products[2]: title: is missing; products[2]: priceMinor: is missing'
  expect(wrong).toMatchObject({ error: { code: 'MALFORMED', message } })
  for (const params of [[], [[]], ['lamp'], [Array.from({ length: 101 }, () => lamp)], [[lamp, lamp]], [[lamp], 1]])
    expect(await operator.call('catalogue.put', params)).toMatchObject({ error: { code: 'MALFORMED' } })
  expect(await operator.call('catalogue.get', ['chair'])).toMatchObject({ error: { code: 'UNKNOWN_PRODUCT' } })
})

test('CAT-24 what is removed is gone, and removing it again is harmless', async () => {
  const rig = await start()
  const operator = await rig.rpc()
  await operator.call('catalogue.put', [[lamp, chair]])
  for (let n = 0; n < 2; n++)
    expect(await operator.call('catalogue.remove', [['chair', 'lamp', 'lamp']])).toMatchObject({ result: { products: 2 } })
  expect(await operator.call('catalogue.get', ['chair'])).toMatchObject({ error: { code: 'UNKNOWN_PRODUCT' } })
  // A sale still offers it.
  expect(await operator.call('catalogue.get', ['lamp'])).toMatchObject({ result: { title: 'lamp', usualPriceMinor: null } })
})

test('SRC-20 by every transport and by GET the same is found, and caches may keep that', async () => {
  const rig = await start()
  const operator = await rig.rpc()
  await operator.call('catalogue.put', [[lamp, chair]])
  const found = { total: 1, products: [{ product: 'lamp', state: 'open', priceMinor: 9_900 }], categories: [{ name: 'Light', count: 1 }] }
  const filters = { priceMax: 10_000, state: 'open', category: 'Light' }
  expect(await operator.call('catalogue.search', ['sot', filters])).toMatchObject({ error: null, result: found })
  expect(await operator.call('catalogue.search', ['anna', 'sot', filters])).toMatchObject({ error: null, result: found })
  const posted = await fetch(`${rig.webUrl}/v1/call/catalogue.search`, { method: 'POST', body: JSON.stringify(['sot', filters]) })
  const told: unknown = await posted.json()
  expect(told).toMatchObject({ result: found })
  const socket = await rig.socket()
  expect(await socket.call('catalogue.search', ['sot', filters])).toMatchObject({ error: null, result: found })
  const path = '/v1/products?q=sot&priceMax=10000&state=open&category=Light&utm_source=mail&sale='
  const read = await fetch(rig.webUrl + path)
  expect([read.status, await read.json(), read.headers.get('cache-control')]).toEqual([200, told, expect.stringContaining('public')])
  const etag = read.headers.get('etag') ?? ''
  expect((await fetch(rig.webUrl + path, { headers: { 'if-none-match': etag } })).status).toBe(304)
  await operator.call('catalogue.put', [[{ ...lamp, title: 'Sottovoce' }]])
  expect((await fetch(rig.webUrl + path, { headers: { 'if-none-match': etag } })).status).toBe(200)
  expect(await (await fetch(`${rig.webUrl}/v1/products?q=Soprano+%C3%A9t%C3%A9`)).json()).toMatchObject({ result: { total: 0 } })
})

test('SRC-21 what cannot be asked is refused with its reason', async () => {
  const rig = await start()
  const operator = await rig.rpc()
  for (const [params, reason] of [
    [[5], 'text: must be a text'],
    [['x'.repeat(201)], 'text: must have at most 200 characters'],
    [['', { state: 'gone' }], 'state: must be open, scheduled, paused, soldout, none or onsale'],
    [['', { sale: 'a b' }], 'sale: must be 1 to 48 letters, digits, dots, dashes or underscores'],
    [['', { priceMin: -1 }], 'priceMin: must be at least 0'],
    [['', { limit: 101 }], 'limit: must be at most 100'],
    [['', { skip: 10_001 }], 'skip: must be at most 10000'],
    [['', { colour: 'red' }], 'the filters: has a field that is not known: colour'],
    [['', []], 'param 2 (filters) must be a map'],
    [['', { text: 'x' }], 'param 2 (filters): has a field that is not known: text'],
  ] as const)
    expect(await operator.call('catalogue.search', params)).toMatchObject({ error: { code: 'MALFORMED', message: reason } })
  for (const query of ['priceMin=cheap', 'limit=1.5', 'skip=-1', 'state=gone'])
    expect((await fetch(`${rig.webUrl}/v1/products?${query}`)).status, query).toBe(400)
})

test('SRC-22 operators see how the index is, and have it made anew', async () => {
  const rig = await start()
  const operator = await rig.rpc()
  await operator.call('catalogue.put', [[lamp, chair]])
  const ready = { state: 'ready', documents: 2 }
  expect(await operator.call('catalogue.status', [])).toMatchObject({ result: { products: 2, search: ready } })
  expect(await operator.call('catalogue.reindex', ['now'])).toMatchObject({ result: { state: 'building' } })
  await expect.poll(() => operator.call('catalogue.status', [])).toMatchObject({ result: { search: ready } })
  expect(await operator.call('catalogue.reindex', ['soon'])).toMatchObject({ error: { code: 'MALFORMED' } })
})

test('SRC-45 gateways search Elasticsearch; while it is away their own index answers, and what changed meanwhile is brought up', async () => {
  const elastic = await ElasticServer.start()
  const index = new ElasticIndex({ url: elastic.url, world: new LoggedWorld() })
  const remote = { index, record: group.store.record('search-feeder') }
  const [one, other] = [await start({}, remote), await start({}, remote)]
  const [operator, reader] = [await one.rpc(), await other.rpc()]
  await operator.call('catalogue.put', [[lamp]])
  const searched = (): number => elastic.requests.filter((request) => request === 'POST /sluice-products/_search').length
  const found = async (text: string): Promise<unknown> => reader.call('catalogue.search', [text])
  await until(async () => {
    await found('sotto')
    return searched() > 0
  })
  await until(async () => JSON.stringify(await found('sotto')).includes('"total":1'))
  await elastic.stop()
  await operator.call('catalogue.put', [[chair]])
  await until(async () => JSON.stringify(await found('adagio')).includes('"total":1'))
  const before = searched()
  await elastic.listen()
  await until(async () => {
    await found('adagio')
    return searched() > before
  })
  await expect.poll(async () => (await index.search({ text: 'adagio', skip: 0, limit: 1 })).total, { timeout: 20_000 }).toBe(1)
  await index.close()
  await elastic.stop()
})

async function start(settings = {}, remote?: SearchParts['remote']): Promise<GatewayRig> {
  const search = { index: new LocalDesk(), reindexHours: 24, remote }
  return group.start({ products: group.store.table('products'), search, settings })
}
