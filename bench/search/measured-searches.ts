import { createLog } from '../../ops/log.ts'
import { SearchThread } from '../../ops/search-thread.ts'
import { realWorld } from '../../ops/world.ts'
import type { SearchDocument, SearchQuestion } from '../../protocol/search.ts'
import { InventedShop } from './invented-shop.ts'

export interface SearchTimes {
  readonly kind: string
  readonly p50Ms: number
  readonly p99Ms: number
  readonly maxMs: number
  /** Products that a search found, on average. */
  readonly found: number
}

export interface SearchFigures {
  readonly products: number
  readonly madeMs: number
  /** Memory of the process that the index and its thread have taken. */
  readonly megabytes: number
  /** Of all searches together. */
  readonly all: SearchTimes
  readonly kinds: readonly SearchTimes[]
}

const pageSize = 50
const limit = 24

/** Makes an index in its thread and asks it, from the loop that would ask it in a gateway; the way there and back counts. */
export async function measureSearches(products: number, searches: number, say: (line: string) => void): Promise<SearchFigures> {
  const index = new SearchThread(realWorld(createLog({ level: 'error', pretty: false, colours: false })))
  const shop = new InventedShop()
  const before = process.memoryUsage.rss()
  const begun = performance.now()
  await index.rebuild(pagesOf(shop, products))
  const madeMs = Math.round(performance.now() - begun)
  const megabytes = Math.round((process.memoryUsage.rss() - before) / 1e6)
  say(`an index of ${products} products is made in ${madeMs} ms, without the rests that a gateway takes`)
  const all: Asked[] = []
  const kinds: SearchTimes[] = []
  for (const [kind, question] of questionsOf(shop)) {
    const asked: Asked[] = []
    for (let n = 0; n < searches; n++) {
      const whole = { text: '', skip: 0, limit, ...question() }
      const from = performance.now()
      const found = await index.search(whole)
      if (found === 'busy') throw new Error('one search after the other, and it is busy')
      asked.push({ ms: performance.now() - from, found: found.total })
    }
    all.push(...asked)
    kinds.push(timesOf(kind, asked))
  }
  await index.close()
  return { products, madeMs, megabytes, all: timesOf('all', all), kinds }
}

interface Asked {
  readonly ms: number
  readonly found: number
}

function questionsOf(shop: InventedShop): readonly (readonly [string, () => Partial<SearchQuestion>])[] {
  return [
    ['a word', () => ({ text: shop.word() })],
    ['two words', () => ({ text: `${shop.word()} ${shop.word()}` })],
    ['the beginning of a word', () => ({ text: shop.beginning() })],
    ['a word and a beginning', () => ({ text: `${shop.word()} ${shop.beginning()}` })],
    ['a typing error', () => ({ text: shop.misspelt() })],
    ['a word, filtered', () => ({ text: shop.word(), priceMax: 50_000, category: `Category ${shop.number(10)}` })],
    ['filters only', () => ({ priceMin: shop.number(50_000), category: `Category ${shop.number(10)}` })],
  ]
}

async function* pagesOf(shop: InventedShop, products: number): AsyncGenerator<readonly SearchDocument[]> {
  for (let at = 0; at < products; at += pageSize) {
    yield Array.from({ length: Math.min(pageSize, products - at) }, (_, n) => {
      const { product, title, description, categories, priceMinor } = shop.product(at + n)
      return { product, title, description, categories, priceMinor, state: 'none', sales: [] }
    })
  }
}

function timesOf(kind: string, asked: readonly Asked[]): SearchTimes {
  const sorted = asked.map(({ ms }) => ms).sort((a, b) => a - b)
  const at = (share: number): number => rounded(sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0)
  const found = Math.round(asked.reduce((sum, one) => sum + one.found, 0) / asked.length)
  return { kind, p50Ms: at(0.5), p99Ms: at(0.99), maxMs: at(1), found }
}

function rounded(ms: number): number {
  return Math.round(ms * 100) / 100
}
