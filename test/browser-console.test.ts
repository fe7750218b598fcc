import { createServer } from 'node:http'
import type { Browser } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest'
import type { RpcClient } from '../protocol/client/rpc-client.ts'
import { startChromium } from './browser/chromium.ts'
import { ConsolePage } from './browser/console-page.ts'
import { spokenPage } from './browser/spoken-page.ts'
import { type Screen, Visitor } from './browser/visitor.ts'
import { listenOn, portOf } from './loopback.ts'
import { RunningNode } from './running-node.ts'

// What operators do on the console, in a real browser, with a real node. Each test has a sale of its own.

const deadline = { timeout: 25_000, interval: 50 }
/** What Chromium says of an answer that is a refusal. */
const refusals = /status of (401|403|429)/

let node: RunningNode
let browser: Browser
let rpc: RpcClient
let visitors: Visitor[] = []

beforeAll(async () => {
  const settings = { shards: 2, simulatedDelayMs: 20 }
  ;[node, browser] = await Promise.all([RunningNode.start({ settings }), startChromium()])
})
beforeEach(() => {
  rpc = node.operator()
})
afterEach(async () => {
  rpc.close()
  const complaints = await Promise.all(visitors.map((visitor) => visitor.leave()))
  visitors = []
  expect(complaints.flat(), 'what the browsers complained of').toEqual([])
})
afterAll(async () => {
  await browser.close()
  await node.stop()
})

/** Somebody with the console's page before them, not signed in. */
async function arrive(screen: Screen): Promise<{ readonly visitor: Visitor; readonly desk: ConsolePage }> {
  const visitor = await Visitor.arrive(browser, screen, node.opsUrl)
  visitors.push(visitor)
  return { visitor, desk: new ConsolePage(await visitor.openPage('/console')) }
}

async function operatorAt(screen: Screen): Promise<{ readonly visitor: Visitor; readonly desk: ConsolePage }> {
  const arrived = await arrive(screen)
  await arrived.desk.signIn(node.secrets.operatorKey)
  await arrived.desk.isIn()
  return arrived
}

/** A rush: everybody wants one; resolves with their names when all have an answer. */
async function rush(sku: string, people: number): Promise<readonly string[]> {
  const users = Array.from({ length: people }, (_, i) => `${sku}-buyer-${i}`)
  await Promise.all(users.map((user) => rpc.as(user).buy(sku)))
  return users
}

test(
  'WEB-30 an operator creates a sale, opens it, watches a rush, pauses, restocks, edits and closes it',
  { timeout: 90_000 },
  async () => {
    const { desk } = await operatorAt('desktop')
    await desk.goTo('New sale')
    await desk.part('check-sale').click()
    await vi.waitFor(async () => expect(await desk.part('problems').innerText()).toContain('skus[0].stock: is missing'), deadline)
    expect(await desk.page.locator('input[name="sale"]').getAttribute('aria-invalid')).toBe('true')

    const opensAt = new Date(Date.now() + 3 * 86_400_000)
    const fields = {
      sale: 'spring',
      title: 'Spring sale',
      'skus[0].sku': 'vase',
      'skus[0].title': 'Vase',
      'skus[0].priceMinor': '19.99',
      'skus[0].stock': '10',
    }
    for (const [name, text] of Object.entries(fields)) await desk.page.locator(`input[name="${name}"]`).fill(text)
    await desk.page.locator('input[name="opensAt"]').fill(opensAt.toISOString().slice(0, 16))
    const created = await desk.confirm('check-sale')
    expect(created).toContain('10 units of Vase (vase) at €19.99, at most 1 per user.')

    await desk.saleIs('spring', 'scheduled')
    expect(await desk.confirm('open-spring')).toContain('10 units can be bought from now on, before the planned time')
    await desk.saleIs('spring', 'open')

    const users = await rush('vase', 30)
    await desk.skuIs('vase', { available: 0, held: 10, sold: 0, waiting: 20 })
    await Promise.all(users.slice(0, 4).map((user) => rpc.as(user).checkout('vase', 'tok_ok')))
    await desk.skuIs('vase', { held: 6, sold: 4 })

    expect(await desk.confirm('pause-spring')).toContain('20 people in line keep their places')
    await desk.saleIs('spring', 'paused')
    await expect(rpc.as('late').buy('vase')).rejects.toThrow('paused')

    const restocked = await desk.confirm('restock-vase', () => desk.part('units').fill('5'))
    expect(restocked).toContain('20 people in line get new units first, once the sale is resumed.')
    expect(await desk.confirm('resume-spring')).toContain('5 free units can be bought again, first by the 20 people in line.')
    await desk.saleIs('spring', 'open')
    await desk.skuIs('vase', { available: 0, held: 11, sold: 4, waiting: 15 })

    await desk.part('edit-spring').locator('visible=true').click()
    await desk.page.locator('input[name="skus[0].priceMinor"]').fill('24.50')
    const edited = await desk.confirm('preview-change')
    expect(edited).toContain('11 open holds keep')
    expect(edited).toMatch(/€19\.99\s+€24\.50/)
    await desk.skuIs('vase', { held: 11 })
    await vi.waitFor(async () => expect(await desk.part('sku-vase').locator('visible=true').innerText()).toContain('€24.50'), deadline)

    expect(await desk.confirm('close-spring')).toContain('This is for good')
    await desk.goTo('Sales')
    await desk.page.locator('details.over summary').click()
    await desk.saleIs('spring', 'over')
    await desk.skuIs('vase', { state: 'closed', waiting: 0, held: 11, sold: 4 })
  },
)

test('WEB-31 a wrong key is refused and says so, the right one opens the console, and signing out closes it', async () => {
  const { visitor, desk } = await arrive('desktop')
  await visitor.excusing(refusals, async () => {
    await desk.signIn('not-the-key-of-operators')
    await vi.waitFor(
      async () => expect(await desk.part('sign-in-notice').innerText()).toBe('This is not the key of an operator.'),
      deadline,
    )
    await desk.signIn(node.secrets.backendKey)
    await vi.waitFor(async () => expect(await desk.part('sign-in-notice').innerText()).toContain('the key of a service'), deadline)
  })
  expect(await desk.page.getByRole('navigation').count()).toBe(0)
  await desk.signIn(node.secrets.operatorKey)
  await desk.isIn()
  await desk.page.reload()
  await desk.isIn()
  await desk.part('sign-out').click()
  await desk.part('key').waitFor()
  await desk.page.reload()
  await desk.part('key').waitFor()
  expect(await desk.page.getByRole('navigation').count()).toBe(0)
})

test(
  'WEB-32 when the session has ended nothing is done any more, the page says so, and goes on where it was',
  { timeout: 60_000 },
  async () => {
    await node.createSku('lasting', { stock: 3 })
    const { visitor, desk } = await operatorAt('desktop')
    await desk.page.goto(`${node.opsUrl}/console#/sales/lasting`)
    await desk.saleIs('lasting', 'open')
    await desk.part('pause-lasting').locator('visible=true').click()
    await desk.page.locator('dialog').waitFor()
    rpc.close()
    await visitor.excusing(/net::ERR|status of (401|404)/, async () => {
      // Sessions are in the memory of the process: one that has started anew knows none, as if it had ended.
      await node.terminate()
      await node.restart()
      await desk.part('sign-in-why').waitFor()
      await vi.waitFor(async () => expect(await desk.part('sign-in-why').innerText()).toContain('Your session has ended'), deadline)
    })
    expect(await desk.page.locator('dialog').count()).toBe(0)
    await desk.signIn(node.secrets.operatorKey)
    await desk.saleIs('lasting', 'open')
  },
)

test('WEB-33 pages of others can neither do nor read anything, and show the console in no frame', async () => {
  await node.createSku('guarded', { stock: 3 })
  const { visitor, desk } = await operatorAt('desktop')
  const body = JSON.stringify(['guarded'])
  const url = `${node.opsUrl}/console/api/call/sale.close`
  // The same site by another port, so that the browser does send the cookie.
  const attack = `<!doctype html><iframe src="${node.opsUrl}/console"></iframe>
    <form method="post" enctype="text/plain" action="${url}"><input name='["guarded' value='"]' /><button>Win a prize</button></form><script>
    const tries = [
      fetch('${url}', { method: 'POST', mode: 'no-cors', credentials: 'include', body: '${body}' }),
      fetch('${url}', { method: 'POST', credentials: 'include', headers: { 'content-type': 'application/json', 'x-sluice-token': 'x' }, body: '${body}' }),
      fetch('${node.opsUrl}/console/api/session', { credentials: 'include' }).then((answer) => answer.text()),
    ]
    Promise.allSettled(tries).then((outcomes) => { document.title = outcomes.map(({ status }) => status).join(' ') })
  </script>`
  const other = createServer((_, response) => response.setHeader('content-type', 'text/html').end(attack))
  await listenOn(other)
  try {
    await visitor.excusing(/./, async () => {
      const page = await desk.page.context().newPage()
      await page.goto(`http://127.0.0.1:${portOf(other)}/`)
      await page.waitForFunction(() => document.title !== '')
      expect(await page.title()).toBe('rejected rejected rejected')
      const frame = page.frames().find((one) => one !== page.mainFrame())
      expect(await frame?.locator('input').count()).toBe(0)
      // What a form of theirs sends does come, cookie and all, and is refused.
      const answered = page.waitForResponse(url)
      await page.locator('button').click()
      const answer = await answered
      expect([answer.status(), (await answer.request().allHeaders())['cookie']]).toEqual([403, expect.stringContaining('sluice-console=')])
      await page.close()
    })
    expect((await rpc.skuStatus('guarded')).state).toBe('open')
    await desk.page.goto(`${node.opsUrl}/console#/funnel`)
    await desk.isIn()
  } finally {
    other.close()
  }
})

test('WEB-34 everything can be done by keyboard: dialogs keep the focus, end with Escape and give it back', async () => {
  await node.createSku('keyed', { stock: 3 })
  const { desk } = await arrive('desktop')
  const { keyboard } = desk.page
  await desk.tabTo('key')
  await keyboard.type(node.secrets.operatorKey)
  await keyboard.press('Enter')
  await desk.isIn()
  await desk.saleIs('keyed', 'open')
  await desk.tabTo('pause-keyed')
  await keyboard.press('Enter')
  expect(await desk.focused()).toBe('confirm')
  for (let presses = 0; presses < 5; presses++) {
    await keyboard.press('Tab')
    // Between the last control and the first one Chromium stops at its own window.
    expect(
      await desk.page.evaluate(() => document.activeElement === document.body || document.activeElement?.closest('dialog') !== null),
    ).toBe(true)
  }
  await keyboard.press('Escape')
  expect(await desk.focused()).toBe('pause-keyed')
  await keyboard.press('Enter')
  expect(await desk.focused()).toBe('confirm')
  await keyboard.press('Enter')
  await desk.saleIs('keyed', 'paused')
  // The button that is gone leaves the focus to the one that came.
  await vi.waitFor(async () => expect(await desk.focused()).toBe('resume-keyed'), deadline)
  await vi.waitFor(async () => expect(await desk.page.locator('#announcer').innerText()).toBe('Sale keyed is paused.'), deadline)
})

test('WEB-35 every page speaks: one headline, a name for every control, landmarks', async () => {
  await node.createSku('spoken', { stock: 3 })
  const { desk } = await operatorAt('tablet')
  for (const name of ['Sales', 'New sale', 'Funnel', 'Users', 'Orders', 'Bans', 'Limits', 'Cluster', 'Audit']) {
    await desk.goTo(name)
    const spoken = await spokenPage(desk.page)
    const controls = spoken.filter(({ role }) =>
      ['button', 'link', 'textbox', 'searchbox', 'spinbutton', 'combobox', 'radio', 'checkbox'].includes(role),
    )
    expect(controls.length).toBeGreaterThan(7)
    expect([name, controls.filter((control) => control.name === '')]).toEqual([name, []])
    expect([name, spoken.filter(({ role, level }) => role === 'heading' && level === 1).length]).toEqual([name, 1])
    for (const landmark of ['banner', 'navigation', 'main']) expect(spoken.map(({ role }) => role)).toContain(landmark)
    expect(await desk.page.evaluate(() => document.documentElement.scrollWidth <= innerWidth)).toBe(true)
  }
})

test('WEB-36 a user is found with what they have, why, and their order, which can be given back', { timeout: 60_000 }, async () => {
  await node.createSku('told', { stock: 1, priceMinor: 9_900 })
  await rpc.as('ann').buy('told')
  await rpc.as('bob').buy('told')
  const { order } = await rpc.as('ann').checkout('told', 'tok_ok')
  await vi.waitUntil(async () => (await rpc.skuStatus('told')).sold === 1, deadline)
  const { desk } = await operatorAt('tablet')
  await desk.goTo('Users')
  await desk.part('user').fill('bob')
  await desk.part('find-user').click()
  const bob = desk.part('journey-told')
  await bob.waitFor()
  expect(await bob.innerText()).toContain('sold out before the turn came')

  await desk.part('user').fill('ann')
  await desk.part('find-user').click()
  await desk.page.locator('[data-testid="journey-told"] [data-outcome="bought"]').waitFor()
  await desk.page.getByRole('link', { name: order }).first().click()
  await desk.part('found-order').getByText('paid', { exact: true }).first().waitFor()
  expect(await desk.confirm('refund')).toContain('Of €99.00, €99.00 can still be given back to ann.')
  await vi.waitUntil(async () => (await rpc.orderFind(order)).refundedMinor === 9_900, deadline)
  await desk.part('find-order').click()
  await desk.part('found-order').getByText('refunded', { exact: true }).first().waitFor()
})

test('WEB-38 what operators did is in the audit log, with who, what, before and after', async () => {
  await node.createSku('kept', { stock: 3 })
  const { desk } = await operatorAt('desktop')
  await desk.page.goto(`${node.opsUrl}/console#/sales/kept`)
  await desk.confirm('pause-kept')
  await desk.goTo('Audit')
  const newest = desk.part('audit-entry').first()
  await newest.waitFor()
  expect((await newest.locator('td').allInnerTexts()).slice(1, 5)).toEqual(['operator\n127.0.0.1', 'sale.pause', 'sale kept', 'done'])
  expect((await newest.locator('td').allInnerTexts()).slice(5)).toEqual(['kept open', 'kept paused'])
})

test('WEB-39 a limit is set for all gateways and taken back; what is not allowed is told in the dialog', async () => {
  const { visitor, desk } = await operatorAt('desktop')
  await desk.goTo('Limits')
  const row = desk.part('limit-userRatePerSecond')
  const before = await row.getAttribute('data-value')
  await visitor.excusing(/status of 400/, async () => {
    await desk.part('set-userRatePerSecond').click()
    await desk.part('limit-value').fill('-1')
    await desk.part('confirm').click()
    await vi.waitFor(async () => expect(await desk.page.locator('dialog .notice').innerText()).toContain('-1 is not allowed'), deadline)
    await desk.part('cancel').click()
    await desk.page.locator('dialog').waitFor({ state: 'detached' })
  })
  await desk.confirm('set-userRatePerSecond', () => desk.part('limit-value').fill('7'))
  await desk.page.locator('[data-testid="limit-userRatePerSecond"][data-value="7"]').waitFor()
  await row.getByRole('button', { name: 'Take userRatePerSecond back' }).click()
  await desk.agree()
  await desk.page.locator(`[data-testid="limit-userRatePerSecond"][data-value="${before}"]`).waitFor()
})

test('WEB-37 the cluster is shown with its shards, and the only process of a role cannot be drained', async () => {
  const { visitor, desk } = await operatorAt('desktop')
  await desk.goTo('Cluster')
  await vi.waitFor(
    async () => expect(await desk.part('cluster-summary').innerText()).toBe('1 process answers, 4 shards owned. Every shard has an owner.'),
    deadline,
  )
  expect(await desk.page.locator('.shards li').allInnerTexts()).toHaveLength(4)
  await desk.page.getByRole('button', { name: /^Drain / }).click()
  await visitor.excusing(refusals, async () => {
    await desk.part('confirm').click()
    await vi.waitFor(
      async () => expect(await desk.page.locator('dialog .notice').innerText()).toContain('is the only one with the role all'),
      deadline,
    )
  })
  await desk.part('cancel').click()
  await desk.page.locator('dialog').waitFor({ state: 'detached' })
})
