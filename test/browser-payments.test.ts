import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import type { ShopPage } from './browser/shop-page.ts'
import { ShopVisit } from './browser/shop-visit.ts'
import type { Screen } from './browser/visitor.ts'

// What people see when their payment does not simply work. A late bank answers when the time to pay is over.

const screens: readonly Screen[] = ['phone', 'desktop']
/** The time to pay, and the bank's answer some seconds behind it. */
const lateMs = 60_000

let shops: ShopVisit

beforeAll(async () => {
  shops = await ShopVisit.begin()
  await shops.openNow()
})

afterAll(() => shops?.end())

afterEach(async () => {
  expect(await shops.allLeave(), 'what the browsers complained of').toEqual([])
})

async function fits(shop: ShopPage): Promise<boolean> {
  return shop.page.evaluate(() => document.documentElement.scrollWidth <= innerWidth)
}

test.each(screens)('WEB-8 a declined card lets the piece go to the next in line, says so, and one can try again (%s)', async (screen) => {
  const sku = screen === 'phone' ? 'chair' : 'turntable'
  const [shop, next] = await Promise.all(screens.map((one) => shops.tab(one === screen ? one : 'phone')))
  if (shop === undefined || next === undefined) throw new Error('nobody came')
  await shop.buy(sku)
  await shop.is(sku, 'held')
  while ((await shops.rpc.skuStatus(sku)).available > 0) await shops.others.ask(sku)
  await next.buy(sku)
  await next.isAhead(sku, 0)

  await shop.pay(sku, 'declined')
  await shop.is(sku, 'declined')
  await next.is(sku, 'held')
  expect(await shop.outcome(sku)).toMatch(/declined.*Nothing was charged.*the next in line/s)
  expect(await fits(shop)).toBe(true)

  await shop.buy(sku)
  await shop.isAhead(sku, 0)
  await next.press(`leave-${sku}`)
  await shop.is(sku, 'held')
  await shop.pay(sku)
  await shop.is(sku, 'paid')
})

test.each(screens)('WEB-9 a late payment is checked, and buys when a piece is free (%s)', { timeout: lateMs }, async (screen) => {
  const shop = await shops.tab(screen)
  await shop.buy('lamp')
  await shop.is('lamp', 'held')
  await shop.pay('lamp', 'late')
  await shop.is('lamp', 'pending')
  await shop.is('lamp', 'overdue')
  expect(await shop.outcome('lamp')).toMatch(/checking your payment.*back in the sale.*money back/s)
  expect(await fits(shop)).toBe(true)
  await shop.is('lamp', 'paid')
  expect(await shops.rpc.as(await shop.user()).order(await shop.order('lamp'))).toMatchObject({ state: 'paid' })
})

test('WEB-10 a late payment for a piece that someone else got by then comes back, and one can try again', { timeout: lateMs }, async () => {
  const [late, next] = await Promise.all([shops.tab('phone'), shops.tab('desktop')])
  await late.buy('print')
  await late.is('print', 'held')
  await shops.others.ask('print')
  await next.buy('print')
  await next.isAhead('print', 0)
  await late.pay('print', 'late')
  await late.is('print', 'overdue')
  await next.is('print', 'held')
  await next.pay('print')
  await next.is('print', 'paid')
  await late.is('print', 'refunded')
  expect(await late.outcome('print')).toMatch(/money is .*back.*someone else/s)
  expect(await fits(late)).toBe(true)
  await expect.poll(() => late.outcome('print')).toMatch(/Your money is back/)
  await late.buy('print')
  await late.isAhead('print', 0)
  expect((await shops.rpc.as(await late.user()).orders()).map(({ state }) => state)).toEqual(['refunded'])
})
