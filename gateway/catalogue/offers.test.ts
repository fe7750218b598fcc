import { expect, test } from 'vitest'
import { parseProductId, type ProductId } from '../../protocol/ids.ts'
import { checkProduct, type Product } from '../../protocol/product.ts'
import { SkuView } from '../sku-view.ts'
import { skuChange, skuSettings, skuView } from '../view-fixtures.ts'
import { Offers, summaryOf } from './offers.ts'

const lamp = id('lamp')

test('CAT-11 of a product in a sale price and stock are the sale’s, its words the catalogue’s', () => {
  const offers = new Offers()
  offers.take(new SkuView(0, skuView(skuSettings('lamp', { title: 'Sale lamp', image: '/sale.svg', priceMinor: 4_900 }))))
  expect(offers.infoOf(lamp, content({ title: 'Lamp', priceMinor: 9_900, pictures: ['/a.svg', '/b.svg'], categories: ['Light'] }))).toEqual(
    {
      product: 'lamp',
      title: 'Lamp',
      description: '',
      picture: '/a.svg',
      pictures: ['/a.svg', '/b.svg'],
      categories: ['Light'],
      priceMinor: 4_900,
      usualPriceMinor: 9_900,
      currency: 'EUR',
      state: 'open',
      offers: [
        {
          sku: 'lamp',
          sale: 'sale-of-lamp',
          saleTitle: 'Sale of lamp',
          title: 'Sale lamp',
          opensAt: 0,
          state: 'open',
          available: 10,
          priceMinor: 4_900,
          currency: 'EUR',
        },
      ],
    },
  )
})

test('CAT-11 a product outside of sales has its usual price; one that only a sale knows has the sale’s words', () => {
  const offers = new Offers()
  expect(offers.infoOf(lamp, undefined)).toBeUndefined()
  expect(offers.infoOf(lamp, content({ priceMinor: 9_900 }))).toMatchObject({ priceMinor: 9_900, state: 'none', offers: [] })
  offers.take(new SkuView(0, skuView(skuSettings('lamp', { title: 'Sale lamp', description: 'Shines.', image: '/sale.svg' }))))
  expect(offers.infoOf(lamp, undefined)).toMatchObject({
    title: 'Sale lamp',
    description: 'Shines.',
    pictures: ['/sale.svg'],
    usualPriceMinor: null,
    state: 'open',
  })
})

test('CAT-12 a product that is sold under several SKUs is told with the one that is nearest to being bought', () => {
  const offers = new Offers()
  const of = (sku: string, priceMinor: number) => skuSettings(sku, { product: 'lamp', priceMinor })
  offers.take(new SkuView(0, skuView(of('lamp-1', 1), { available: 0, sold: 10 })))
  offers.take(new SkuView(0, skuView(of('lamp-2', 2), { phase: 'scheduled' })))
  expect(offers.infoOf(lamp, undefined)).toMatchObject({ priceMinor: 2, state: 'scheduled' })
  offers.take(new SkuView(0, skuView(of('lamp-3', 3))))
  const info = offers.infoOf(lamp, undefined)
  expect(info).toMatchObject({ priceMinor: 3, state: 'open' })
  expect(info?.offers.map(({ sku, state }) => `${sku} ${state}`)).toEqual(['lamp-3 open', 'lamp-2 scheduled', 'lamp-1 soldout'])
})

test('CAT-12 a closed sale offers nothing', () => {
  const offers = new Offers()
  offers.take(new SkuView(0, skuView(skuSettings('lamp', { priceMinor: 1 }), { phase: 'closed' })))
  expect(offers.infoOf(lamp, undefined)).toBeUndefined()
  expect(offers.infoOf(lamp, content({ priceMinor: 9_900 }))).toMatchObject({ priceMinor: 9_900, state: 'none', offers: [] })
})

test('CAT-13 word of a change is given when a list would show something else, and not with every unit that is sold', () => {
  const offers = new Offers()
  const told: string[] = []
  offers.onChange((product) => told.push(product))
  const settings = skuSettings('lamp')
  const view = new SkuView(0, skuView(settings))
  offers.take(view)
  view.apply(skuChange(settings, { available: 9, sold: 1 }))
  offers.take(view)
  expect(told).toEqual(['lamp'])
  view.apply(skuChange(settings, { available: 0, sold: 10 }))
  offers.take(view)
  view.apply(skuChange(settings, { available: 0, sold: 10, settings: { ...settings, product: id('torch') } }))
  offers.take(view)
  expect(told).toEqual(['lamp', 'lamp', 'lamp', 'torch'])
  expect([offers.infoOf(lamp, undefined), offers.infoOf(id('torch'), undefined)?.state]).toEqual([undefined, 'soldout'])
})

test('CAT-13 a summary leaves out what only the page of a product shows', () => {
  const info = new Offers().infoOf(lamp, content({ description: 'Long.' }))
  expect(Object.keys(info === undefined ? {} : summaryOf(info))).toEqual([
    'product',
    'title',
    'picture',
    'categories',
    'priceMinor',
    'currency',
    'usualPriceMinor',
    'state',
    'offers',
  ])
})

function content(wish: Partial<Product>): Product {
  const checked = checkProduct({ product: 'lamp', title: 'Lamp', priceMinor: 100, ...wish })
  if (checked.kind === 'problems') throw new Error(checked.problems.join())
  return checked.value
}

function id(name: string): ProductId {
  const parsed = parseProductId(name)
  if (parsed === undefined) throw new Error(`${name} is no product`)
  return parsed
}
