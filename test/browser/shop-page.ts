import type { Locator, Page } from 'playwright-core'

/** The demo shop in one tab, by what it shows. Waits end with an error when the tab's deadline has passed. */
export class ShopPage {
  readonly page: Page
  private readonly hasTouch: boolean

  constructor(page: Page, hasTouch: boolean) {
    this.page = page
    this.hasTouch = hasTouch
  }

  /** Waits until a product is in this state for the person. */
  async is(sku: string, state: string): Promise<void> {
    await this.page.locator(`[data-testid="state-${sku}"][data-state="${state}"]`).waitFor()
  }

  async isConnected(state: 'online' | 'offline'): Promise<void> {
    await this.page.locator(`[data-testid="connection"][data-state="${state}"]`).waitFor()
  }

  /** Waits until the products are there with their pictures. */
  async hasProducts(): Promise<void> {
    await this.page.locator('article.product').first().waitFor()
    await this.page.waitForFunction(() => [...document.images].every(({ complete, naturalWidth }) => complete && naturalWidth > 0))
  }

  part(testId: string): Locator {
    return this.page.getByTestId(testId)
  }

  /** Presses a button or an option as one does on this screen: with a finger or with a mouse. */
  async press(testId: string): Promise<void> {
    const target = this.part(testId)
    if (this.hasTouch) await target.tap()
    else await target.click()
  }

  async buy(sku: string): Promise<void> {
    await this.press(`buy-${sku}`)
  }

  async pay(sku: string, card: 'ok' | 'declined' | 'late' = 'ok'): Promise<void> {
    const option = this.part(`state-${sku}`).getByTestId(`pay-${card}`)
    if (this.hasTouch) await option.tap()
    else await option.click()
    await this.press(`pay-${sku}`)
  }

  /** People ahead in the line, as the page shows it. */
  async ahead(sku: string): Promise<number> {
    return Number(await this.part(`ahead-${sku}`).getAttribute('data-ahead'))
  }

  async isAhead(sku: string, people: number): Promise<void> {
    await this.page.locator(`[data-testid="ahead-${sku}"][data-ahead="${people}"]`).waitFor()
  }

  /** Seconds that the hold has left, as the page shows it. */
  async secondsLeft(sku: string): Promise<number> {
    const [minutes, seconds] = (await this.part(`hold-countdown-${sku}`).innerText()).split(':').map(Number)
    return (minutes ?? Number.NaN) * 60 + (seconds ?? Number.NaN)
  }

  /** Seconds until the sale opens, as the page shows it. */
  async secondsToOpening(): Promise<number> {
    const [minutes, seconds] = (await this.page.locator('.sale-status-figure').innerText()).split(':').map(Number)
    return (minutes ?? Number.NaN) * 60 + (seconds ?? Number.NaN)
  }

  /** The order's id. Waits until there is one. */
  async order(sku: string): Promise<string> {
    return this.part(`order-${sku}`).innerText()
  }

  /** What the page says of how the purchase stands or ended. */
  async outcome(sku: string): Promise<string> {
    return this.part(`state-${sku}`).locator('.outcome').innerText()
  }

  /** All that the changing part of this product says. */
  async words(sku: string): Promise<string> {
    return this.part(`state-${sku}`).innerText()
  }

  /** Whom the server knows the person of this tab as. */
  async user(): Promise<string> {
    return this.page.evaluate(() => {
      const guest: unknown = JSON.parse(localStorage.getItem('giusto-guest') ?? '{}')
      return typeof guest === 'object' && guest !== null && 'user' in guest ? String(guest.user) : ''
    })
  }

  /** Whether the keyboard's focus is in the changing part of this product. */
  async hasFocus(sku: string): Promise<boolean> {
    return this.part(`state-${sku}`).evaluate((state) => state.contains(document.activeElement))
  }

  /** Goes on to the next control until it is this one; rejects when it cannot be reached so. */
  async tabTo(testId: string): Promise<void> {
    const target = this.part(testId)
    for (let presses = 0; presses < tabPressesMax; presses++) {
      if (await target.evaluate((node) => node === document.activeElement)) return
      await this.page.keyboard.press('Tab')
    }
    throw new Error(`the keyboard does not come to ${testId}`)
  }
}

const tabPressesMax = 60
