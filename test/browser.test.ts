import type { Browser } from 'playwright-core'
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest'
import type { RpcClient } from '../protocol/client/rpc-client.ts'
import { startChromium } from './browser/chromium.ts'
import { OtherShoppers } from './browser/other-shoppers.ts'
import { spokenPage } from './browser/spoken-page.ts'
import { type Screen, Visitor } from './browser/visitor.ts'
import { RunningNode } from './running-node.ts'

// The demo as a newcomer has it: one server, one sale that opens 20 s after the start, and people with browsers of their own. Each test
// has a product of its own, because what is sold stays sold.

const screens: readonly Screen[] = ['phone', 'desktop']
const deadline = { timeout: 25_000, interval: 50 }

let demo: RunningNode
let browser: Browser
let rpc: RpcClient
let others: OtherShoppers
let visitors: Visitor[] = []

beforeAll(async () => {
  const settings = { logLevel: 'info', simulatedDelayMs: 50 }
  ;[demo, browser] = await Promise.all([RunningNode.start({ command: 'demo', settings }), startChromium()])
  rpc = demo.operator()
  others = new OtherShoppers(rpc)
  await vi.waitUntil(async () => (await fetch(`${demo.webUrl}/demo/info`)).ok, deadline)
})

afterAll(async () => {
  await browser?.close()
  rpc?.close()
  await demo?.stop()
})

afterEach(async () => {
  const complaints = await Promise.all(visitors.map((visitor) => visitor.leave()))
  visitors = []
  expect(complaints.flat(), 'what the browsers complained of').toEqual([])
})

test('WEB-1 a purchase goes from the countdown over a hold to an order, on a phone and on a desktop', { timeout: 60_000 }, async () => {
  await Promise.all(
    screens.map(async (screen) => {
      const shop = await (await arrive(screen)).openTab()
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
      expect(await rpc.as(await shop.user()).order(order)).toMatchObject({ state: 'paid', order, amountMinor: 12_900 })
    }),
  )
})

test('WEB-2 whoever waits sees their place, and gets the unit that another lets go', async () => {
  await opened()
  const [first, second, third] = await Promise.all([tab('phone'), tab('desktop'), tab('phone')])
  const other = await others.ask('print')
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

  await others.letGo(other, 'print')
  await third.is('print', 'held')
  await third.pay('print')
  await third.is('print', 'paid')
  expect(await third.order('print')).not.toBe(await second.order('print'))
})

test('WEB-3 when the last unit is sold, those who wait are told, and newcomers see it before they ask', async () => {
  await opened()
  const shop = await tab('phone')
  const holder = await others.leaveOneHeld('chair')
  await shop.buy('chair')
  await shop.is('chair', 'queued')
  await others.pay(holder, 'chair')
  await shop.is('chair', 'soldout')
  const newcomer = await tab('desktop')
  await newcomer.is('chair', 'soldout')
  for (const page of [shop, newcomer]) expect(await page.part('buy-chair').getAttribute('aria-disabled')).toBe('true')
})

test('WEB-4 a declined card costs nothing, and another try with a good card buys', async () => {
  await opened()
  const shop = await tab('phone')
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
  expect((await rpc.as(await shop.user()).orders()).map(({ order, state }) => [order, state])).toEqual([
    [paid, 'paid'],
    [declined, 'declined'],
  ])
})

test(
  'WEB-5 a place in the line is kept through a reload, in a second tab, offline and through a crash of the server',
  { timeout: 60_000 },
  async () => {
    await opened()
    await others.leaveOneHeld('turntable')
    for (let ahead = 0; ahead < 3; ahead++) await others.ask('turntable')
    const visitor = await arrive('phone')
    const shop = await visitor.openTab()
    await shop.buy('turntable')
    await shop.is('turntable', 'queued')
    const user = await shop.user()
    const ticket = (await others.place(user, 'turntable'))?.ticket
    expect(ticket).toBeGreaterThan(0)
    /** The page and the server agree on the number ahead, and it is still the same place. Others ahead may have had their turn meanwhile. */
    const keepsPlace = async (page = shop): Promise<void> => {
      await page.is('turntable', 'queued')
      await vi.waitFor(async () => {
        const place = await others.place(user, 'turntable')
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
      await demo.kill()
      await shop.isConnected('offline')
      await demo.restart()
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
  await opened()
  const shop = await tab('desktop')
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
  await opened()
  const shop = await tab(screen)
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

async function arrive(screen: Screen): Promise<Visitor> {
  const visitor = await Visitor.arrive(browser, screen, demo.webUrl)
  visitors.push(visitor)
  return visitor
}

/** A new person with the shop open in one tab. */
async function tab(screen: Screen) {
  return (await arrive(screen)).openTab()
}

async function opened(): Promise<void> {
  await vi.waitUntil(async () => (await rpc.sales()).some(({ state }) => state === 'open'), deadline)
}
