import { expect, test } from 'vitest'
import { measureBuys } from './search/buys-meanwhile.ts'
import { InventedShop } from './search/invented-shop.ts'
import { measureSearches } from './search/measured-searches.ts'
import { searchCommand, searchOptionsOf } from './search/search-options.ts'

test('BEN-50 searches of every kind are measured over a shop that is the same each time', async () => {
  const [one, other] = [new InventedShop(), new InventedShop()]
  expect(one.product(0)).toEqual(other.product(0))
  const { products, kinds, all } = await measureSearches(300, 10, () => {})
  expect(products).toBe(300)
  expect(kinds.map(({ kind }) => kind)).toContain('a typing error')
  for (const { kind, p50Ms, p99Ms, maxMs } of [...kinds, all]) expect(p50Ms <= p99Ms && p99Ms <= maxMs, kind).toBe(true)
  expect(kinds.find(({ kind }) => kind === 'a word')?.found).toBeGreaterThan(0)
})

test('BEN-51 buys are measured in turns with a rebuild of the index and without', { timeout: 60_000 }, async () => {
  const words = ['--products', '200', '--rounds', '1', '--seconds', '1', '--rate', '200']
  const options = searchOptionsOf(searchCommand().parse(words, { from: 'user' }))
  const { without, with: rebuilding } = await measureBuys(options, () => {})
  expect([without.length, rebuilding.length]).toEqual([1, 1])
  expect(without[0]?.rebuilding).toBe(0)
  expect([without[0]?.errors, rebuilding[0]?.errors]).toEqual([0, 0])
})
