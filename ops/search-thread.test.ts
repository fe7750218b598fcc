import { afterEach, expect, test } from 'vitest'
import { ManualWorld } from '../cluster/manual-world.ts'
import { searchIndexContract } from '../cluster/search-index-contract.ts'
import type { SearchDocument } from '../protocol/search.ts'
import { SearchThread } from './search-thread.ts'

const threads: SearchThread[] = []

afterEach(async () => {
  for (const one of threads.splice(0)) await one.close()
})

searchIndexContract('The thread', async () => {
  const index = new SearchThread(new ManualWorld())
  return { index, close: () => index.close() }
})

const ask = { text: '', skip: 0, limit: 10 }

test('SRC-18 the thread finds what was applied, in order, and more documents than go into one message', async () => {
  const index = open()
  const applied = index.apply(Array.from({ length: 120 }, (_, n) => ({ product: `p-${n}`, document: doc(`p-${n}`, 'lamp') })))
  // Not waited for: a search sees what was applied before it.
  expect(await index.search({ ...ask, text: 'lamp' })).toMatchObject({ total: 120 })
  await applied
  await index.apply([{ product: 'p-0', document: undefined }])
  expect(await index.search({ ...ask, limit: 1 })).toMatchObject({ total: 119, products: ['p-1'] })
  expect([index.size, index.worn]).toEqual([119, 1])
})

test('SRC-18 a rebuild takes the place of the old index at its end, and leaves it if it fails', async () => {
  const index = open()
  await index.apply([{ product: 'old', document: doc('old', 'old') }])
  expect(await index.rebuild(pages([[doc('a', 'new')], [doc('b', 'new')]]))).toBe(2)
  expect(await index.search(ask)).toMatchObject({ products: ['a', 'b'] })
  await expect(index.rebuild(pages([[doc('c', 'c')], 'fails']))).rejects.toThrow('no more')
  expect(await index.search(ask)).toMatchObject({ products: ['a', 'b'] })
})

test('SRC-19 searches that wait are bounded, and all of them end when the thread does', async () => {
  const index = open()
  const searches = Array.from({ length: 501 }, () => index.search(ask).catch(String))
  expect(await searches[500]).toBe('busy')
  await index.close()
  const ended = await Promise.all(searches)
  expect(ended.every((one) => typeof one === 'object' || one === 'busy' || one.includes('ended'))).toBe(true)
  await expect(index.search(ask)).rejects.toThrow('closed')
})

async function* pages(list: readonly (readonly SearchDocument[] | 'fails')[]): AsyncGenerator<readonly SearchDocument[]> {
  for (const page of list) {
    if (page === 'fails') throw new Error('no more')
    yield page
  }
}

function open(): SearchThread {
  const thread = new SearchThread(new ManualWorld())
  threads.push(thread)
  return thread
}

function doc(product: string, title: string): SearchDocument {
  return { product, title, description: '', categories: [], priceMinor: 0, state: 'none', sales: [] }
}
