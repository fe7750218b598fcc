import { readFile } from 'node:fs/promises'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { readProof } from '../actors/draw/read-proof.ts'
import { positionOf, verifyProof } from '../actors/draw/verify-proof.ts'
import { finish } from '../actors/work.ts'
import type { ShopPage } from './browser/shop-page.ts'
import { deadline, ShopVisit } from './browser/shop-visit.ts'
import type { Screen } from './browser/visitor.ts'

// What people see of a product whose first places are drawn, and while they wait in a line.

const screens: readonly Screen[] = ['phone', 'desktop']
const otherPeople = 6

let shops: ShopVisit

beforeAll(async () => {
  shops = await ShopVisit.begin()
})

afterAll(() => shops?.end())

afterEach(async () => {
  expect(await shops.allLeave(), 'what the browsers complained of').toEqual([])
})

test(
  'WEB-11 whoever comes before the opening takes part in a draw, gets a place, and can check the draw',
  { timeout: 60_000 },
  async () => {
    const sale = await shops.nextSale()
    const tabs = await Promise.all(screens.map((screen) => shops.tab(screen)))
    await Promise.all(
      tabs.map(async (shop) => {
        await shop.is('print-2', 'scheduled')
        expect(await shop.words('print-2')).toMatch(/Take part in the draw.*Your chance does not depend on when you come/s)
        await shop.buy('print-2')
        await shop.is('print-2', 'lobby')
        expect(await shop.words('print-2')).toMatch(/You are in the draw.*Drawn in \d+:\d\d.*Your chance does not depend on when you came/s)
      }),
    )
    for (let i = 0; i < otherPeople; i++) await shops.others.ask('print-2')
    await expect.poll(() => tabs[0]?.words('print-2'), deadline).toContain(`${otherPeople + 2} people take part so far`)
    await tabs[0]?.page.reload()
    await tabs[0]?.is('print-2', 'lobby')

    await shops.rpc.saleOpen(sale)
    await Promise.all(tabs.map((shop) => shop.part('draw-print-2').and(shop.page.locator('[data-stage=done]')).waitFor()))
    const [first, second] = await Promise.all(tabs.map((shop) => checkedPlace(shop)))
    expect(first).not.toBe(second)
  },
)

test('WEB-12 who waits is told how long in words, how likely, and for how long the place is kept; progress never goes back', async () => {
  const shop = await shops.tab('phone')
  const modules = await shop.page.evaluateHandle<Record<'linePanel' | 'outcomePanel', PanelOf>>(
    // A text, for an import in here would be taken for one of this file.
    "Promise.all([import('/line-panel.js'), import('/outcome-panel.js')]).then(([line, outcome]) => ({ ...line, ...outcome }))",
  )
  const said = await shop.page.evaluate(({ linePanel, outcomePanel }) => {
    const base = { status: { state: 'open', available: 0, held: 1, ordered: 0 }, firstAhead: 200, busy: '', tookPart: false }
    const info = { sku: 'x', title: 'X', priceMinor: 1, currency: 'EUR' }
    const words = (panelOf: PanelOf, products: readonly object[]) => {
      const panel = panelOf({ info, ...base, ...products[0] }, {})
      document.body.append(panel.root)
      return products.map((product) => {
        panel.update({ info, ...base, ...product }, 0, true)
        return { text: panel.root.innerText, passed: panel.root.querySelector<HTMLElement>('.way')?.style.getPropertyValue('--passed') }
      })
    }
    const queued = (ahead: number, eta: readonly number[] | null, odds: string) => ({ state: 'queued', ticket: 1, ahead, eta, odds })
    return {
      far: words(linePanel, [
        { claim: queued(100, [160, 470], 'likely'), info: { ...info, absenceMs: 300_000 } },
        { claim: queued(150, null, 'unlikely'), info: { ...info, absenceMs: 0 } },
        { claim: queued(150, null, 'none') },
      ]),
      away: words(outcomePanel, [{ claim: { state: 'expired', reason: 'absent' }, info: { ...info, absenceMs: 90_000 } }]),
    }
  }, modules)
  const [likely, unlikely, none] = said.far
  expect(likely?.text).toMatch(/About 3 to 8 minutes.*most likely get one.*we keep your place for 5 minutes/s)
  expect(unlikely?.text).toMatch(/cannot say yet.*may not get one.*however long you are away/s)
  expect(none?.text).toMatch(/almost certainly not get one/)
  expect(none?.text).not.toMatch(/your place is kept|keep your place for/)
  expect(said.far.map(({ passed }) => passed)).toEqual(['0.5000', '0.5000', '0.5000'])
  expect(said.away[0]?.text).toMatch(/place was given up.*longer than 90 seconds.*Join the line again/s)
})

/** As the page's own modules make it. */
type PanelOf = (
  product: object,
  actions: object,
) => { readonly root: HTMLElement; readonly update: (product: object, now: number, online: boolean) => void }

/** The proof that the page offers, checked as its command does, and where it says that this person stands. */
async function checkedPlace(shop: ShopPage): Promise<number> {
  const note = shop.part('draw-print-2')
  await note.locator('summary').click()
  const user = await shop.user()
  expect(await note.innerText()).toContain(`sluice draw verify --file proof-print-2.json --user ${user}`)
  const [download] = await Promise.all([shop.page.waitForEvent('download'), shop.press('proof-print-2')])
  expect(download.suggestedFilename()).toBe('proof-print-2.json')
  const read = readProof(JSON.parse(await readFile(await download.path(), 'utf8')))
  if (read.kind === 'problem') throw new Error(read.problem)
  expect(read.proof.roster).toHaveLength(otherPeople + 2)
  expect(finish(verifyProof(read.proof)).filter(({ problem }) => problem !== undefined)).toEqual([])
  const position = positionOf(read.proof, user) ?? 0
  // Of two pieces the first two in the drawn order have one.
  await shop.is('print-2', position <= 2 ? 'held' : 'queued')
  if (position > 2) {
    await shop.isAhead('print-2', position - 3)
    expect(await shop.words('print-2')).toContain('The draw gave you a place')
  }
  return position
}
