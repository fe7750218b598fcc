import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest'
import { deadline, ShopVisit } from './browser/shop-visit.ts'
import { spokenPage } from './browser/spoken-page.ts'
import type { Screen } from './browser/visitor.ts'

// What people do in the demo shop. Each test has a product of its own, because what is sold stays sold.

const screens: readonly Screen[] = ['phone', 'desktop']

let shops: ShopVisit

beforeAll(async () => {
  shops = await ShopVisit.begin()
})

afterAll(() => shops?.end())

afterEach(async () => {
  expect(await shops.allLeave(), 'what the browsers complained of').toEqual([])
})

test('WEB-1 a purchase goes from the countdown over a hold to an order, on a phone and on a desktop', { timeout: 60_000 }, async () => {
  await Promise.all(
    screens.map(async (screen) => {
      const shop = await (await shops.arrive(screen)).openTab()
      await shop.is('lamp', 'scheduled')
      const untilOpening = await shop.secondsToOpening()
      expect(untilOpening).toBeGreaterThan(0)
      await vi.waitUntil(async () => (await shop.secondsToOpening()) < untilOpening, deadline)
      expect(await shop.part('buy-lamp').getAttribute('aria-disabled')).toBe('true')

      await shop.is('lamp', 'open')
      await shop.buy('lamp')
      await shop.is('lamp', 'held')
      const left = await shop.secondsLeft('lamp')
      expect(left).toBeGreaterThan(0)
      expect(left).toBeLessThanOrEqual(45)
      await vi.waitUntil(async () => (await shop.secondsLeft('lamp')) < left, deadline)

      await shop.pay('lamp')
      await shop.is('lamp', 'paid')
      const order = await shop.order('lamp')
      expect(await shops.rpc.as(await shop.user()).order(order)).toMatchObject({ state: 'paid', order, amountMinor: 12_900 })
    }),
  )
})

test('WEB-2 whoever waits sees their place, and gets the unit that another lets go', async () => {
  await shops.opened()
  const [first, second, third] = await Promise.all([shops.tab('phone'), shops.tab('desktop'), shops.tab('phone')])
  const other = await shops.others.ask('print')
  await first.buy('print')
  await first.is('print', 'held')
  await second.buy('print')
  await second.isAhead('print', 0)
  await third.buy('print')
  await third.isAhead('print', 1)

  await first.press('leave-print')
  await first.is('print', 'open')
  await second.is('print', 'held')
  await third.isAhead('print', 0)
  await second.pay('print')
  await second.is('print', 'paid')

  await shops.others.letGo(other, 'print')
  await third.is('print', 'held')
  await third.pay('print')
  await third.is('print', 'paid')
  expect(await third.order('print')).not.toBe(await second.order('print'))
})

test('WEB-3 when the last unit is sold, those who wait are told, and newcomers see it before they ask', async () => {
  await shops.opened()
  const shop = await shops.tab('phone')
  const holder = await shops.others.leaveOneHeld('chair')
  await shop.buy('chair')
  await shop.is('chair', 'queued')
  await shops.others.pay(holder, 'chair')
  await shop.is('chair', 'soldout')
  const newcomer = await shops.tab('desktop')
  await newcomer.is('chair', 'soldout')
  for (const page of [shop, newcomer]) expect(await page.part('buy-chair').getAttribute('aria-disabled')).toBe('true')
})

test('WEB-4 a declined card costs nothing, and another try with a good card buys', async () => {
  await shops.opened()
  const shop = await shops.tab('phone')
  await shop.buy('mugs')
  await shop.is('mugs', 'held')
  await shop.pay('mugs', 'declined')
  await shop.is('mugs', 'declined')
  const declined = await shop.order('mugs')
  await shop.buy('mugs')
  await shop.is('mugs', 'held')
  await shop.pay('mugs')
  await shop.is('mugs', 'paid')
  const paid = await shop.order('mugs')
  expect((await shops.rpc.as(await shop.user()).orders()).map(({ order, state }) => [order, state])).toEqual([
    [paid, 'paid'],
    [declined, 'declined'],
  ])
})

test(
  'WEB-5 a place in the line is kept through a reload, in a second tab, offline and through a crash of the server',
  { timeout: 60_000 },
  async () => {
    await shops.opened()
    await shops.others.leaveOneHeld('turntable')
    for (let ahead = 0; ahead < 3; ahead++) await shops.others.ask('turntable')
    const visitor = await shops.arrive('phone')
    const shop = await visitor.openTab()
    await shop.buy('turntable')
    await shop.is('turntable', 'queued')
    const user = await shop.user()
    const ticket = (await shops.others.place(user, 'turntable'))?.ticket
    expect(ticket).toBeGreaterThan(0)
    /** The page and the server agree on the number ahead, and it is still the same place. Others ahead may have had their turn meanwhile. */
    const keepsPlace = async (page = shop): Promise<void> => {
      await page.is('turntable', 'queued')
      await vi.waitFor(async () => {
        const place = await shops.others.place(user, 'turntable')
        expect(place?.ticket).toBe(ticket)
        expect(await page.ahead('turntable')).toBe(place?.ahead)
      }, deadline)
    }
    await keepsPlace()

    await shop.page.reload()
    await keepsPlace()

    const second = await visitor.openTab()
    await keepsPlace(second)
    expect(await second.user()).toBe(user)

    await visitor.offline(async () => {
      await shop.isConnected('offline')
      await shop.part('banner').waitFor()
    })
    await shop.isConnected('online')
    await shop.part('banner').waitFor({ state: 'hidden' })
    await keepsPlace()

    await visitor.duringOutage(async () => {
      await shops.demo.kill()
      await shop.isConnected('offline')
      await shops.demo.restart()
      await Promise.all([shop.isConnected('online'), second.isConnected('online')])
    })
    await keepsPlace()
    await keepsPlace(second)

    await shop.press('leave-turntable')
    await shop.press('leave-yes-turntable')
    await Promise.all([shop, second].map((page) => page.is('turntable', 'open')))
  },
)

test('WEB-6 everything can be done by keyboard, and the focus stays with what was bought', async () => {
  await shops.opened()
  const shop = await shops.tab('desktop')
  await shop.tabTo('buy-lamp')
  await shop.page.keyboard.press('Enter')
  await shop.is('lamp', 'held')
  expect(await shop.hasFocus('lamp')).toBe(true)
  await shop.tabTo('pay-lamp')
  await shop.page.keyboard.press('Enter')
  await shop.is('lamp', 'paid')
  expect(await shop.hasFocus('lamp')).toBe(true)
})

test.each(screens)('WEB-7 the page speaks: a name for every control, one headline, landmarks and live news (%s)', async (screen) => {
  await shops.opened()
  const shop = await shops.tab(screen)
  await shop.buy('mugs')
  await shop.is('mugs', 'held')
  const spoken = await spokenPage(shop.page)
  const roles = spoken.map(({ role }) => role)
  const controls = spoken.filter(({ role }) => ['button', 'link', 'radio', 'textbox', 'image'].includes(role))
  expect(controls.length).toBeGreaterThan(8)
  expect(controls.filter(({ name }) => name === '')).toEqual([])
  expect(spoken.filter(({ role, level }) => role === 'heading' && level === 1)).toHaveLength(1)
  for (const landmark of ['banner', 'main', 'contentinfo']) expect(roles).toContain(landmark)
  expect(await shop.page.locator('[aria-live=polite], [role=alert]').count()).toBeGreaterThanOrEqual(2)
  await vi.waitUntil(async () => (await shop.page.locator('#alarm').textContent())?.includes('your turn'), deadline)
  expect(await shop.page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), 'nothing to scroll sideways').toBe(true)
})
