import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { ShopVisit } from './browser/shop-visit.ts'

let shops: ShopVisit
const settings = { challengeAbovePerSecond: 1, challengeSteps: 1_000 }

beforeAll(async () => {
  shops = await ShopVisit.begin(settings)
  await shops.openNow()
})

afterAll(() => shops?.end())

afterEach(async () => {
  expect(await shops.allLeave(), 'what the browsers complained of').toEqual([])
})

test('POW-10 a buyer of a hot product notices nothing of the work that a phone does for it', async () => {
  const shop = await shops.tab('phone')
  const devTools = await shop.page.context().newCDPSession(shop.page)
  // About the distance between a laptop and a phone of some years ago.
  await devTools.send('Emulation.setCPUThrottlingRate', { rate: 4 })
  let isOver = false
  const crowd = askOften('lamp', () => isOver)
  try {
    await expect.poll(() => metric('sluice_sku_heat{sku="lamp"}'), { timeout: 20_000 }).toBeGreaterThan(0)
    await shop.buy('lamp')
    await shop.is('lamp', 'held')
    expect(await metric('sluice_proofs_total{outcome="accepted"}')).toBe(1)
  } finally {
    isOver = true
    await crowd
  }
  await devTools.send('Emulation.setCPUThrottlingRate', { rate: 1 })
  await shop.pay('lamp')
  await shop.is('lamp', 'paid')
})

/** The same buy again and again, which the shop hears every time. */
async function askOften(sku: string, isOver: () => boolean): Promise<void> {
  const shopper = shops.rpc.as('someone')
  while (!isOver()) await shopper.buy(sku, { requestId: 'the-same' })
}

async function metric(name: string): Promise<number> {
  const page = await (await fetch(`${shops.demo.opsUrl}/metrics`)).text()
  const line = page.split('\n').find((one) => one.startsWith(`${name} `))
  return Number(line?.slice(name.length + 1) ?? 0)
}
