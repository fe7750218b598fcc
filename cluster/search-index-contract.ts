import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { SearchDocument, SearchQuestion } from '../protocol/search.ts'
import type { SearchFound, SearchIndex } from './search-index.ts'

export interface SearchIndexBench {
  readonly index: SearchIndex
  close(): Promise<void>
}

/** What every {@link SearchIndex} promises. */
export function searchIndexContract(name: string, makeBench: () => Promise<SearchIndexBench>): void {
  describe(`${name} keeps the contract of SearchIndex`, () => {
    let bench: SearchIndexBench
    let index: SearchIndex

    beforeEach(async () => {
      bench = await makeBench()
      index = bench.index
      await put(lamp, chair, torch)
    })
    afterEach(() => bench.close())

    test.each<[string, readonly string[]]>([
      ['lamp', ['lamp']],
      ['LAMP reading', ['lamp']],
      ['readi', ['lamp']],
      ['reading light', ['lamp']],
      ['readjng', ['lamp']],
      ['light', ['lamp', 'torch']],
      ['lamp chair', []],
      ['nothing', []],
    ])('SRC-30 %j finds %j', async (text, products) => {
      expect((await find({ text })).products.toSorted()).toEqual(products)
    })

    test.each<[Partial<SearchQuestion>, readonly string[]]>([
      [{}, ['chair', 'lamp', 'torch']],
      [{ sale: 'night' }, ['torch']],
      [{ state: 'onsale' }, ['torch']],
      [{ state: 'none' }, ['chair', 'lamp']],
      [{ category: 'Light' }, ['lamp', 'torch']],
      [{ priceMin: 2_900, priceMax: 12_900 }, ['lamp', 'torch']],
      [{ text: 'light', priceMax: 2_900 }, ['torch']],
    ])('SRC-30 the filters %j leave %j', async (question, products) => {
      const found = await find(question)
      expect([found.total, found.products.toSorted()]).toEqual([products.length, products])
    })

    test('SRC-31 what is found comes in pages, those in a sale first, with how many there are in each category', async () => {
      expect(await find({ limit: 1 })).toEqual({
        total: 3,
        products: ['torch'],
        categories: [
          { name: 'Light', count: 2 },
          { name: 'Seats', count: 1 },
        ],
      })
      expect((await find({ skip: 1, limit: 5 })).products.toSorted()).toEqual(['chair', 'lamp'])
      expect(await find({ category: 'Seats' })).toMatchObject({ total: 1, categories: [{ name: 'Light' }, { name: 'Seats' }] })
    })

    test('SRC-32 what changes is found as it is now, what is out is not found, and putting it out again is harmless', async () => {
      await put({ ...lamp, title: 'Sotto voce', state: 'open', sales: ['day'] })
      for (let n = 0; n < 2; n++) await index.apply([{ product: 'chair', document: undefined }])
      expect((await find({ text: 'sotto', sale: 'day' })).products).toEqual(['lamp'])
      expect(await find({})).toMatchObject({ total: 2 })
    })

    test('SRC-33 a rebuild answers with what it was given, and what changes meanwhile, and with nothing before', async () => {
      let go = (): void => {}
      const waits = new Promise<void>((resolve) => {
        go = resolve
      })
      let isBegun = (): void => {}
      const begun = new Promise<void>((resolve) => {
        isBegun = resolve
      })
      async function* pages(): AsyncGenerator<readonly SearchDocument[]> {
        yield [lamp]
        isBegun()
        await waits
        yield [{ ...torch, title: 'A second torch' }]
      }
      const rebuilt = index.rebuild(pages())
      await begun
      expect(await find({})).toMatchObject({ total: 3 })
      await put({ ...lamp, title: 'Changed meanwhile' })
      go()
      expect(await rebuilt).toBe(2)
      expect((await find({})).products.toSorted()).toEqual(['lamp', 'torch'])
      expect((await find({ text: 'meanwhile' })).products).toEqual(['lamp'])
      expect((await find({ text: 'second' })).products).toEqual(['torch'])
    })

    test('SRC-34 a rebuild that fails leaves what there was', async () => {
      async function* pages(): AsyncGenerator<readonly SearchDocument[]> {
        yield [lamp]
        throw new Error('no more')
      }
      await expect(index.rebuild(pages())).rejects.toThrow('no more')
      expect(await find({})).toMatchObject({ total: 3 })
      await put({ ...lamp, title: 'Afterwards' })
      expect((await find({ text: 'afterwards' })).products).toEqual(['lamp'])
    })

    async function put(...documents: readonly SearchDocument[]): Promise<void> {
      await index.apply(documents.map((document) => ({ product: document.product, document })))
    }

    async function find(question: Partial<SearchQuestion>): Promise<SearchFound> {
      const found = await index.search({ text: '', skip: 0, limit: 24, ...question })
      if (found === 'busy') throw new Error('it is busy')
      return found
    }
  })
}

const lamp: SearchDocument = {
  product: 'lamp',
  title: 'Lamp',
  description: 'For reading',
  categories: ['Light'],
  priceMinor: 12_900,
  state: 'none',
  sales: [],
}
const chair: SearchDocument = {
  product: 'chair',
  title: 'Chair',
  description: 'Of ash',
  categories: ['Seats'],
  priceMinor: 49_500,
  state: 'none',
  sales: [],
}
const torch: SearchDocument = {
  product: 'torch',
  title: 'Torch',
  description: 'Shows the way',
  categories: ['Light'],
  priceMinor: 2_900,
  state: 'open',
  sales: ['night'],
}
