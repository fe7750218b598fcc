import { afterEach, beforeEach, expect, test } from 'vitest'
import { ElasticIndex, elasticAlias } from '../cluster/elastic-index.ts'
import { searchIndexContract } from '../cluster/search-index-contract.ts'
import type { World } from '../cluster/world.ts'
import type { SearchDocument } from '../protocol/search.ts'
import { ElasticServer } from './servers/elastic-server.ts'
import { LoggedWorld } from './servers/logged-world.ts'

// Against a small server that speaks what we need of Elasticsearch's protocol; no real one is at hand.

searchIndexContract('Elasticsearch', async () => {
  const server = await ElasticServer.start()
  const index = new ElasticIndex({ url: server.url, world: new LoggedWorld() })
  await index.prepare()
  return {
    index,
    close: async () => {
      await index.close()
      await server.stop()
    },
  }
})

let server: ElasticServer
let index: ElasticIndex

beforeEach(async () => {
  server = await ElasticServer.start()
  index = new ElasticIndex({ url: server.url, key: 'the key of the shop', world: new LoggedWorld() })
})
afterEach(async () => {
  await index.close()
  await server.stop()
})

const ask = { text: '', skip: 0, limit: 10 }

test('ELA-1 the first one to come makes a template, an index and its alias; the next one finds them', async () => {
  expect([await index.prepare(), await index.prepare()]).toEqual(['made', 'there'])
  expect([...server.templates.keys()]).toEqual([elasticAlias])
  expect(server.templates.get(elasticAlias)).toMatchObject({
    index_patterns: [`${elasticAlias}-*`],
    template: { mappings: { dynamic: 'strict' } },
  })
  expect(server.behind(elasticAlias)).toEqual(server.indexNames)
  expect(server.keys).toEqual(new Set(['ApiKey the key of the shop']))
})

test('ELA-2 a rebuild moves the alias in one request, and clears away the index that it stood for', async () => {
  await index.prepare()
  const [old] = server.indexNames
  await index.rebuild(pages([doc('lamp')]))
  expect(server.indexNames).toHaveLength(1)
  expect(server.indexNames).not.toContain(old)
  expect(server.behind(elasticAlias)).toEqual(server.indexNames)
  expect(server.requests.filter((request) => request === 'POST /_aliases')).toHaveLength(1)
})

test('ELA-3 of two gateways that write the same product what was made later stands, whichever comes first', async () => {
  await index.prepare()
  const world = new LoggedWorld()
  const { clock, timers, random, log } = world
  const behind: World = { clock: { now: () => clock.now() - 10_000, monotonic: () => clock.monotonic() }, timers, random, log }
  const late = new ElasticIndex({ url: server.url, world: behind })
  await index.apply([{ product: 'lamp', document: doc('lamp', 'New') }])
  await late.apply([{ product: 'lamp', document: doc('lamp', 'Old') }])
  expect(await index.search({ ...ask, text: 'old' })).toMatchObject({ total: 0 })
  expect(await index.search({ ...ask, text: 'new' })).toMatchObject({ total: 1 })
  await late.close()
})

test('ELA-4 an index that is gone is a fault, and no index of another kind is made in its place', async () => {
  await index.prepare()
  server.forget()
  await expect(index.apply([{ product: 'lamp', document: doc('lamp') }])).rejects.toThrow('gone')
  await expect(index.search(ask)).rejects.toThrow('index_not_found')
  expect(server.indexNames).toEqual([])
})

test('ELA-5 a server in trouble is a fault of the call, which is not made again by itself', async () => {
  await index.prepare()
  server.fault = 503
  const before = server.requests.length
  await expect(index.search(ask)).rejects.toThrow('trouble')
  expect(server.requests.length).toBe(before + 1)
  await server.stop()
  await expect(index.search(ask)).rejects.toThrow(/closed|REFUSED|reset/i)
})

async function* pages(...list: readonly (readonly SearchDocument[])[]): AsyncGenerator<readonly SearchDocument[]> {
  yield* list
}

function doc(product: string, title = product): SearchDocument {
  return { product, title, description: '', categories: [], priceMinor: 0, state: 'none', sales: [] }
}
