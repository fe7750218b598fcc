import type { Browser, BrowserContext } from 'playwright-core'
import { ShopPage } from '../browser/shop-page.ts'
import type { ClusterMember, SmallCluster } from '../cluster/small-cluster.ts'

const metric = /^(sluice_\w+)\{([^}]*)\} (\S+)$/gm

/** Sums of a gateway's metric over its series, by one of its labels. */
export async function countedBy(gateway: ClusterMember, name: string, label: string): Promise<Readonly<Record<string, number>>> {
  const text = await (await fetch(`${gateway.opsUrl}/metrics`)).text()
  const sums: Record<string, number> = {}
  for (const [, found, labels = '', value] of text.matchAll(metric)) {
    if (found !== name) continue
    const key = new RegExp(`${label}="([^"]*)"`).exec(labels)?.[1] ?? ''
    sums[key] = (sums[key] ?? 0) + Number(value)
  }
  return sums
}

/** A person with a browser of their own at the page of a cluster, which the shop's own services, played by the browser's side here, let in. */
export class ClusterShopper {
  readonly user: string
  /** All that the page asked for: address and status, or why there was none. */
  readonly asked: { readonly url: string; readonly status: number | string }[] = []
  /** What the browser complained of: breaches of the content policy, for one. */
  readonly complaints: string[] = []
  private readonly context: BrowserContext

  private constructor(context: BrowserContext, user: string) {
    this.context = context
    this.user = user
  }

  static async arrive(
    browser: Browser,
    cluster: SmallCluster,
    user: string,
    sale: string,
    skus: readonly string[],
  ): Promise<ClusterShopper> {
    const context = await browser.newContext({ viewport: { width: 1280, height: 800 } })
    context.setDefaultTimeout(25_000)
    const shopper = new ClusterShopper(context, user)
    const info = { demo: false, sale, skus, assetBase: '/', now: Date.now() }
    await context.route('**/demo/info', (route) => route.fulfill({ json: info }))
    await context.route('**/demo/guest', (route) => route.fulfill({ json: { user, token: cluster.tokenOf(user) } }))
    await context.route('**/demo/rush', (route) => route.fulfill({ json: { running: false } }))
    context.on('response', (response) => shopper.asked.push({ url: response.url(), status: response.status() }))
    context.on('requestfailed', (request) => shopper.asked.push({ url: request.url(), status: request.failure()?.errorText ?? 'failed' }))
    context.on('console', (message) => {
      if (message.type() === 'error') shopper.complaints.push(message.text())
    })
    context.on('weberror', (event) => shopper.complaints.push(String(event.error())))
    return shopper
  }

  async open(url: string): Promise<ShopPage> {
    const page = await this.context.newPage()
    await page.goto(url)
    const shop = new ShopPage(page, false)
    await shop.isConnected('online')
    await shop.hasProducts()
    return shop
  }

  leave(): Promise<void> {
    return this.context.close()
  }
}
