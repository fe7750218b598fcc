import type { Browser, BrowserContext, Page } from 'playwright-core'
import { ShopPage } from './shop-page.ts'

export const screens = {
  phone: { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true },
  tablet: { viewport: { width: 820, height: 1100 }, hasTouch: true, isMobile: false },
  desktop: { viewport: { width: 1280, height: 800 }, hasTouch: false, isMobile: false },
} as const

export type Screen = keyof typeof screens

/** What a browser says of a server or a network that is away; anything else in its console is a fault of the page. */
const outageWords = /net::ERR_(CONNECTION|INTERNET|NETWORK|EMPTY|SOCKET)|WebSocket connection to .* failed|status of 503/

/** One person with a browser of their own: their tabs, and all that the browser complains of. */
export class Visitor {
  private readonly context: BrowserContext
  private readonly screen: Screen
  private readonly url: string
  private readonly complaints: string[] = []
  private excused: RegExp | undefined

  private constructor(context: BrowserContext, screen: Screen, url: string) {
    this.context = context
    this.screen = screen
    this.url = url
    // A breach of the content security policy is an error in the console too.
    context.on('console', (message) => {
      if (message.type() === 'error') this.complain(message.text())
    })
    context.on('weberror', (event) => this.complain(String(event.error())))
    context.on('request', (request) => {
      if (new URL(request.url()).origin !== url) this.complain(`asked a stranger: ${request.url()}`)
    })
  }

  static async arrive(browser: Browser, screen: Screen, url: string): Promise<Visitor> {
    const context = await browser.newContext(screens[screen])
    context.setDefaultTimeout(deadlineMs)
    return new Visitor(context, screen, url)
  }

  /** A new tab with this page of the server in it. */
  async openPage(path: string): Promise<Page> {
    const page = await this.context.newPage()
    await page.goto(`${this.url}${path}`)
    return page
  }

  /** Opens the shop in a new tab and waits until the products are there. */
  async openTab(): Promise<ShopPage> {
    const page = await this.openPage('')
    const shop = new ShopPage(page, screens[this.screen].hasTouch)
    await shop.isConnected('online')
    await shop.hasProducts()
    return shop
  }

  /** Takes the network away while `work` runs, and gives it back. */
  async offline(work: () => Promise<void>): Promise<void> {
    await this.duringOutage(async () => {
      await this.context.setOffline(true)
      await work()
      await this.context.setOffline(false)
    })
  }

  /** Failed connections are no fault of the page while `work` runs. */
  async duringOutage(work: () => Promise<void>): Promise<void> {
    await this.excusing(outageWords, work)
  }

  /** Complaints of this kind are no fault of the page while `work` runs. */
  async excusing(words: RegExp, work: () => Promise<void>): Promise<void> {
    this.excused = words
    await work()
    this.excused = undefined
  }

  /** Closes the browser and hands over what it complained of. */
  async leave(): Promise<readonly string[]> {
    await this.context.close()
    return this.complaints
  }

  private complain(text: string): void {
    if (this.excused?.test(text) !== true) this.complaints.push(`${this.screen}: ${text}`)
  }
}

const deadlineMs = 25_000
