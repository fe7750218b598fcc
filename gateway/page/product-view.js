// @ts-check
/** @import { ProductInfo } from '../../protocol/client/index.js' */
/** @import { Product } from './product-state.js' */
/** @typedef {import('../../protocol/client/index.js').SocketClient} Client */
import { SluiceError } from '../../protocol/client/index.js'
import { element, pressButton, setText } from './element.js'
import { pictureAddress } from './picture-address.js'
import { offerState } from './product-state.js'
import { StockGauge } from './stock-gauge.js'
import { usual } from './whole-shop.js'
import { clockTime, price } from './words.js'

const retryMs = 1_000

/** The page of one product: all that the catalogue has of it, and how the sale that it is in stands at this moment. */
export class ProductView {
  #root
  #client
  #clock
  #onCategory
  #onToSale
  #product = ''
  #assetBase = '/'
  /** @type {ProductInfo | undefined} */
  #info
  #price = element('p', { class: 'view-price', 'data-testid': 'view-price' })
  #sale = element('div', { class: 'view-sale' })
  /** @type {{ readonly sku: string, readonly gauge: StockGauge } | undefined} */
  #live

  /**
   * @param {HTMLElement} root
   * @param {Client} client
   * @param {import('./server-clock.js').ServerClock} clock
   * @param {(category: string) => void} onCategory
   * @param {(sku: string) => void} onToSale
   */
  constructor(root, client, clock, onCategory, onToSale) {
    this.#root = root
    this.#client = client
    this.#clock = clock
    this.#onCategory = onCategory
    this.#onToSale = onToSale
  }

  /**
   * @param {string} product empty for none
   * @param {string} assetBase
   */
  async open(product, assetBase) {
    this.#product = product
    this.#assetBase = assetBase
    this.#info = undefined
    this.#live = undefined
    this.#root.hidden = product === ''
    if (product === '') return
    this.#root.replaceChildren(element('p', { class: 'loading' }, 'One moment…'))
    await this.#ask()
  }

  async #ask() {
    const product = this.#product
    for (;;) {
      try {
        const info = await this.#client.product(product)
        if (product === this.#product) this.#show(info)
        return
      } catch (error) {
        if (!(error instanceof SluiceError)) throw error
        if (product !== this.#product) return
        if (['UNKNOWN_PRODUCT', 'UNKNOWN_METHOD', 'MALFORMED'].includes(error.code)) return this.#showNothing()
        await this.#clock.wait(retryMs)
        if (product !== this.#product) return
      }
    }
  }

  /**
   * Draws how the sale stands. Cheap where nothing changed.
   * @param {readonly Product[]} products of the sale that is on the page
   * @param {number} now
   */
  draw(products, now) {
    if (this.#info === undefined) return
    const sold = products.find(({ info }) => info.product === this.#product)
    if (sold?.info.sku !== this.#live?.sku) this.#showSale(sold)
    if (sold === undefined) return
    this.#live?.gauge.update(sold.status)
    this.#showPrice(sold.info.priceMinor, sold.info.currency)
    const state = offerState(sold.status)
    if (this.#root.dataset['state'] !== state) this.#root.dataset['state'] = state
    const words = this.#sale.querySelector('.view-state')
    if (words !== null) setText(words, stateWords(state, sold.info.opensAt - now))
  }

  /** @param {ProductInfo} info */
  #show(info) {
    this.#info = info
    this.#live = undefined
    const { title, description, pictures, categories, priceMinor, currency } = info
    this.#showPrice(priceMinor, currency)
    const heading = element('h1', { tabindex: '-1', 'data-testid': 'view-title' }, title)
    const paragraphs = description.split(/\n+/).filter((text) => text !== '')
    this.#root.dataset['state'] = info.state
    this.#root.replaceChildren(
      element('a', { class: 'view-back', href: '#', 'data-testid': 'view-back' }, 'Back to the shop'),
      element(
        'div',
        { class: 'view' },
        element(
          'div',
          { class: 'view-pictures' },
          ...pictures.map((picture) =>
            element(
              'div',
              { class: 'picture' },
              element('img', { src: pictureAddress(picture, this.#assetBase), alt: `Drawing: ${title}`, width: '800', height: '600' }),
            ),
          ),
        ),
        element(
          'div',
          { class: 'view-words' },
          heading,
          this.#price,
          this.#sale,
          ...paragraphs.map((text) => element('p', { class: 'view-text' }, text)),
          element(
            'div',
            { class: 'categories' },
            ...categories.map((name) =>
              pressButton({ class: 'button chip', 'aria-label': `More of ${name}` }, name, () => this.#onCategory(name)),
            ),
          ),
        ),
      ),
    )
    this.#showSale(undefined)
    document.title = `${title} – Giusto`
    heading.focus({ preventScroll: true })
  }

  /**
   * @param {number} minor
   * @param {string} currency
   */
  #showPrice(minor, currency) {
    const text = price(minor, currency)
    if (this.#price.firstChild?.textContent === text) return
    this.#price.replaceChildren(text, ...usual(minor, this.#info?.usualPriceMinor ?? null, currency))
  }

  #showNothing() {
    this.#root.replaceChildren(
      element('a', { class: 'view-back', href: '#', 'data-testid': 'view-back' }, 'Back to the shop'),
      element('h1', { tabindex: '-1' }, 'There is no such piece'),
      element('p', { class: 'view-text' }, 'It may have been there once. Everything that the shop has now is a step back.'),
    )
  }

  /** @param {Product | undefined} sold */
  #showSale(sold) {
    const state = element('p', { class: 'view-state', 'data-testid': 'view-state' })
    if (sold === undefined) {
      this.#live = undefined
      setText(state, this.#info?.state === 'none' ? 'Not in a sale at the moment.' : '')
      this.#sale.replaceChildren(state)
      return
    }
    const { sku } = sold.info
    const gauge = new StockGauge(`${sku}-view`)
    this.#live = { sku, gauge }
    const toSale = pressButton({ 'data-testid': 'view-to-sale' }, 'Go to the sale', () => this.#onToSale(sku))
    this.#sale.replaceChildren(state, gauge.root, toSale)
  }
}

/**
 * @param {ReturnType<typeof offerState>} state
 * @param {number} leftMs until it opens
 */
function stateWords(state, leftMs) {
  switch (state) {
    case 'open':
      return 'In the sale now.'
    case 'scheduled':
      return leftMs > 0 ? `In the sale that opens in ${clockTime(leftMs)}.` : 'In the sale that is opening…'
    case 'paused':
      return 'In the sale, which takes a short break.'
    case 'soldout':
      return 'Sold out in this sale.'
    default:
      return 'The sale is over.'
  }
}
