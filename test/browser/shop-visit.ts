import type { Browser } from 'playwright-core'
import { vi } from 'vitest'
import { z } from 'zod'
import { numberedSale, readDemoSale } from '../../ops/demo/numbered-sale.ts'
import type { RpcClient } from '../../protocol/client/rpc-client.ts'
import { RunningNode } from '../running-node.ts'
import { startChromium } from './chromium.ts'
import { OtherShoppers } from './other-shoppers.ts'
import type { ShopPage } from './shop-page.ts'
import { type Screen, Visitor } from './visitor.ts'

const saleSchema = z.object({ sale: z.string() })
/** Longer than any test. */
const lobbyMs = 600_000

export const deadline = { timeout: 25_000, interval: 50 }

/** The demo as a newcomer has it, one sale that opens 20 s after the start, and people with browsers of their own in it. */
export class ShopVisit {
  readonly demo: RunningNode
  readonly rpc: RpcClient
  readonly others: OtherShoppers
  private readonly browser: Browser
  private visitors: Visitor[] = []

  private constructor(demo: RunningNode, browser: Browser) {
    this.demo = demo
    this.browser = browser
    this.rpc = demo.operator()
    this.others = new OtherShoppers(this.rpc)
  }

  static async begin(): Promise<ShopVisit> {
    const settings = { logLevel: 'info', simulatedDelayMs: 50 }
    const [demo, browser] = await Promise.all([RunningNode.start({ command: 'demo', settings }), startChromium()])
    await vi.waitUntil(async () => (await fetch(`${demo.webUrl}/demo/info`)).ok, deadline)
    return new ShopVisit(demo, browser)
  }

  async arrive(screen: Screen): Promise<Visitor> {
    const visitor = await Visitor.arrive(this.browser, screen, this.demo.webUrl)
    this.visitors.push(visitor)
    return visitor
  }

  /** A new person with the shop open in one tab. */
  async tab(screen: Screen): Promise<ShopPage> {
    return (await this.arrive(screen)).openTab()
  }

  /** For tests that do not look at the countdown. */
  async openNow(): Promise<void> {
    for (const { sale } of await this.rpc.sales()) await this.rpc.saleOpen(sale)
    await this.opened()
  }

  /** The demo's first sale ends, and its next one opens when an operator says so, whose products are called `lamp-2` and so on. Resolves with its name. */
  async nextSale(): Promise<string> {
    const next = numberedSale(await readDemoSale(), 2, Date.now() + lobbyMs)
    await this.rpc.saleClose('giusto')
    await this.rpc.saleCreate(next)
    await vi.waitUntil(async () => {
      await fetch(`${this.demo.webUrl}/demo/restart`, { method: 'POST', body: '{}' })
      const info = saleSchema.parse(await (await fetch(`${this.demo.webUrl}/demo/info`)).json())
      return info.sale === next.sale
    }, deadline)
    return next.sale
  }

  async opened(): Promise<void> {
    await vi.waitUntil(async () => (await this.rpc.sales()).some(({ state }) => state === 'open'), deadline)
  }

  /** Everybody goes home; resolves with what their browsers complained of. */
  async allLeave(): Promise<readonly string[]> {
    const complaints = await Promise.all(this.visitors.map((visitor) => visitor.leave()))
    this.visitors = []
    return complaints.flat()
  }

  async end(): Promise<void> {
    await this.browser.close()
    this.rpc.close()
    await this.demo.stop()
  }
}
