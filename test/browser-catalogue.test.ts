import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import type { ShopPage } from './browser/shop-page.ts'
import { deadline, ShopVisit } from './browser/shop-visit.ts'
import type { Screen } from './browser/visitor.ts'

// What people look for in the demo shop, and find.

const screens: readonly Screen[] = ['phone', 'desktop']

let shops: ShopVisit

beforeAll(async () => {
  shops = await ShopVisit.begin()
})

afterAll(() => shops?.end())

afterEach(async () => {
  expect(await shops.allLeave(), 'what the browsers complained of').toEqual([])
})

test.each(screens)('WEB-20 all that the shop has is listed, searched and filtered, on a %s', async (screen) => {
  const shop = await shops.tab(screen)
  await finds(shop, 14)
  expect(await shop.page.locator('.find').count()).toBe(12)
  await shop.press('more-finds')
  await expect.poll(() => shop.page.locator('.find').count(), deadline).toBe(14)
  expect(await shop.part('more-finds').isVisible()).toBe(false)

  // A typing error, and a word that is not finished.
  await shop.part('search-text').fill('wallnut')
  await finds(shop, 3)
  expect(await names(shop)).toEqual(['turntable', 'mirror', 'bowl'])
  await shop.part('search-text').fill('walnut plin')
  await finds(shop, 1)
  await shop.part('search-text').fill('nothing like it')
  await expect.poll(() => shop.part('finds-count').innerText(), deadline).toContain('Nothing like that')
  await shop.part('search-text').fill('')
  await finds(shop, 14)

  await shop.press('category-Kitchen')
  await finds(shop, 5)
  expect(await shop.part('category-Kitchen').getAttribute('aria-pressed')).toBe('true')
  await shop.part('search-price').selectOption('-5000')
  await finds(shop, 0)
  await shop.part('search-price').selectOption('5000-15000')
  await finds(shop, 4)
  await shop.part('search-state').selectOption('onsale')
  await finds(shop, 1)
  expect(await names(shop)).toEqual(['mugs'])
  await shop.part('search-price').selectOption('-')
  await shop.part('search-state').selectOption('none')
  await shop.press('category-all')
  await finds(shop, 9)
  await fitsSideways(shop)
})

test.each(screens)(
  'WEB-21 a product has a page with how its sale stands, and one comes from there to the sale and back, on a %s',
  async (screen) => {
    const shop = await shops.tab(screen)
    await finds(shop, 14)
    await shop.press('find-lamp')
    await shop.part('view-title').waitFor()
    expect(await shop.part('view-title').innerText()).toBe('Sotto voce')
    expect(await shop.part('view-title').evaluate((node) => node === document.activeElement)).toBe(true)
    expect(await shop.part('view-price').innerText()).toMatch(/^€129\.00 .*€159\.00$/s)
    expect(await shop.page.locator('h1:visible').count()).toBe(1)
    await expect.poll(() => shop.part('view-state').innerText(), deadline).toMatch(/^In the sale/)
    await shops.opened()
    await expect.poll(() => shop.part('view-state').innerText(), deadline).toBe('In the sale now.')
    expect(await shop.part('stock-lamp-view').innerText()).toContain('250')
    await fitsSideways(shop)

    await shop.press('view-to-sale')
    await shop.part('product-lamp').waitFor()
    expect(await shop.part('product-view').isVisible()).toBe(false)
    expect(await shop.hasFocus('lamp')).toBe(true)
    await shop.page.goBack()
    await shop.part('view-title').waitFor()
    await shop.press('view-back')
    expect(await shop.part('whole-shop').isVisible()).toBe(true)

    await shop.press('find-kettle')
    await expect.poll(() => shop.part('view-state').innerText(), deadline).toBe('Not in a sale at the moment.')
    await shop.page.getByRole('button', { name: 'More of Kitchen' }).click()
    await finds(shop, 5)
  },
)

test('WEB-22 a product page can be opened by its address, and one that is not there says so', async () => {
  const shop = await shops.tab('phone')
  await shop.page.goto(`${shops.demo.webUrl}/#/product/chair`)
  await expect.poll(() => shop.part('view-title').innerText(), deadline).toBe('Adagio')
  await shop.page.reload()
  await expect.poll(() => shop.part('view-title').innerText(), deadline).toBe('Adagio')
  await shop.page.goto(`${shops.demo.webUrl}/#/product/never`)
  await expect.poll(() => shop.page.locator('h1:visible').innerText(), deadline).toBe('There is no such piece')
})

test('WEB-23 what an operator changes is found by the next search, and the page of the product says it', async () => {
  const shop = await shops.tab('desktop')
  await finds(shop, 14)
  const radio = { product: 'radio', title: 'Cantabile', priceMinor: 19_900, description: 'With a third knob.' }
  await shops.rpc.call('catalogue.put', [[radio]], { repeat: true })
  await shop.part('search-text').fill('third knob')
  await finds(shop, 1)
  await shop.press('find-radio')
  await expect.poll(() => shop.part('view-price').innerText(), deadline).toBe('€199.00')
})

async function finds(shop: ShopPage, count: number): Promise<void> {
  const words = count === 0 ? 'Nothing like that' : `${count} piece${count === 1 ? '' : 's'}`
  await expect.poll(() => shop.part('finds-count').innerText(), deadline).toContain(words)
}

async function names(shop: ShopPage): Promise<readonly (string | undefined)[]> {
  const ids = await shop.page.locator('.find').evaluateAll((nodes) => nodes.map((node) => node.getAttribute('data-testid') ?? ''))
  return ids.map((id) => id.replace('find-', ''))
}

async function fitsSideways(shop: ShopPage): Promise<void> {
  expect(await shop.page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), 'nothing to scroll sideways').toBe(true)
}
