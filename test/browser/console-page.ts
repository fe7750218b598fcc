import type { Locator, Page } from 'playwright-core'

/** The console in one tab, by what it shows. Waits end with an error when the tab's deadline has passed. */
export class ConsolePage {
  readonly page: Page

  constructor(page: Page) {
    this.page = page
  }

  part(testId: string): Locator {
    return this.page.getByTestId(testId)
  }

  async signIn(key: string): Promise<void> {
    await this.part('key').fill(key)
    await this.part('sign-in').click()
  }

  async isIn(): Promise<void> {
    await this.page.locator('[data-testid="connection"][data-state="online"]').waitFor()
  }

  /** Goes to another page by the navigation. */
  async goTo(name: string): Promise<void> {
    await this.page.getByRole('navigation').getByRole('link', { name, exact: true }).click()
    await this.page.locator(`nav a[aria-current="page"]`, { hasText: name }).waitFor()
  }

  /** Waits until the board shows this sale in this state. */
  async saleIs(sale: string, state: string): Promise<void> {
    await this.page.locator(`[data-testid="sale-${sale}"][data-state="${state}"]:visible`).waitFor()
  }

  /** Waits until the board shows these figures of a SKU. */
  async skuIs(sku: string, figures: Readonly<Record<string, string | number>>): Promise<void> {
    const wanted = Object.entries(figures).map(([name, value]) => `[data-${name}="${value}"]`)
    await this.page.locator(`[data-testid="sku-${sku}"]${wanted.join('')}:visible`).waitFor()
  }

  /** What the dialog that is open says it will do. */
  async effects(): Promise<string> {
    return this.page.locator('dialog').innerText()
  }

  /** Presses a button that asks first, and resolves with what it asked; done when the dialog is gone. */
  async confirm(testId: string, fill: () => Promise<void> = async () => {}): Promise<string> {
    await this.part(testId).locator('visible=true').click()
    return this.agree(fill)
  }

  /** Says yes to the dialog that is open or about to open. */
  async agree(fill: () => Promise<void> = async () => {}): Promise<string> {
    await this.page.locator('dialog').waitFor()
    const effects = await this.effects()
    await fill()
    await this.part('confirm').click()
    await this.page.locator('dialog').waitFor({ state: 'detached' })
    return effects
  }

  /** The test id of what has the keyboard's focus. */
  async focused(): Promise<string | null> {
    return this.page.evaluate(() => document.activeElement?.getAttribute('data-testid') ?? null)
  }

  /** Goes on to the next control until it is this one; rejects when it cannot be reached so. */
  async tabTo(testId: string): Promise<void> {
    for (let presses = 0; presses < tabPressesMax; presses++) {
      if ((await this.focused()) === testId) return
      await this.page.keyboard.press('Tab')
    }
    throw new Error(`the keyboard does not come to ${testId}`)
  }
}

const tabPressesMax = 80
