// @ts-check
/** @import { Actions, Panel, Product, Shown } from './product-state.js' */
import { DrawNote } from './draw-note.js'
import { element, setText } from './element.js'
import { holdPanel } from './hold-panel.js'
import { linePanel } from './line-panel.js'
import { lobbyPanel } from './lobby-panel.js'
import { offerPanel } from './offer-panel.js'
import { outcomePanel } from './outcome-panel.js'
import { pictureAddress } from './picture-address.js'
import { shownState } from './product-state.js'
import { addressOfProduct } from './route.js'
import { StockGauge } from './stock-gauge.js'
import { price } from './words.js'

/** @type {Record<Shown, (product: Product, actions: Actions) => Panel>} */
const panelOf = {
  none: offerPanel,
  scheduled: offerPanel,
  open: offerPanel,
  paused: offerPanel,
  closed: offerPanel,
  soldout: offerPanel,
  lobby: lobbyPanel,
  queued: linePanel,
  held: holdPanel,
  pending: outcomePanel,
  overdue: outcomePanel,
  paid: outcomePanel,
  declined: outcomePanel,
  refunded: outcomePanel,
  expired: outcomePanel,
}

/** One product on the page: its picture and words, its stock, and the panel of its state. */
export class ProductCard {
  #stock
  #draw
  #panelSlot
  #notice = element('p', { class: 'notice', role: 'status' })
  #actions
  #root
  /** @type {((product: Product, actions: Actions) => Panel) | undefined} */
  #panelKind
  /** @type {Panel | undefined} */
  #panel

  /**
   * @param {Product} product
   * @param {Actions} actions
   * @param {string} assetBase
   * @param {() => string} userOf
   */
  constructor(product, actions, assetBase, userOf) {
    const { sku, title, description, image, priceMinor, currency } = product.info
    this.#actions = actions
    this.#stock = new StockGauge(sku)
    this.#draw = new DrawNote(sku, userOf)
    this.#panelSlot = element('div', { class: 'state', 'data-testid': `state-${sku}`, 'data-state': 'none' })
    const picture = element('img', {
      src: pictureAddress(image, assetBase),
      alt: `Drawing: ${description || title}`,
      width: '800',
      height: '600',
    })
    this.#root = element(
      'article',
      { class: 'product', 'data-testid': `product-${sku}`, 'aria-labelledby': `title-${sku}` },
      element('div', { class: 'picture' }, picture),
      element(
        'div',
        { class: 'words' },
        element(
          'div',
          { class: 'title' },
          element('h2', { id: `title-${sku}` }, element('a', { href: addressOfProduct(product.info.product) }, title)),
          element('p', { class: 'price' }, price(priceMinor, currency)),
        ),
        element('p', { class: 'description' }, description),
      ),
      element('div', { class: 'business' }, this.#stock.root, this.#panelSlot, this.#notice, this.#draw.root),
    )
  }

  get root() {
    return this.#root
  }

  /** The part that shows what the person has, and what can be done. */
  get stateRoot() {
    return this.#panelSlot
  }

  /** Brings what the person's own press has led to into sight. */
  reveal() {
    const isCalm = matchMedia('(prefers-reduced-motion: reduce)').matches
    this.#panelSlot.scrollIntoView({ behavior: isCalm ? 'instant' : 'smooth', block: 'nearest' })
  }

  /**
   * @param {Product} product
   * @param {number} now
   * @param {boolean} online
   */
  update(product, now, online) {
    const shown = shownState(product)
    this.#stock.update(product.status)
    this.#draw.update(product)
    this.#showPanel(panelOf[shown], product)
    if (this.#panelSlot.dataset['state'] !== shown) this.#panelSlot.dataset['state'] = shown
    if (this.#root.dataset['state'] !== shown) this.#root.dataset['state'] = shown
    this.#panel?.update(product, now, online)
    setText(this.#notice, product.notice)
  }

  /**
   * Changes the panel if another kind is needed. Focus that was inside moves to the new panel's heading or button, so that nobody who
   * uses a keyboard or a screen reader is thrown back to the top of the page.
   * @param {(product: Product, actions: Actions) => Panel} kind
   * @param {Product} product
   */
  #showPanel(kind, product) {
    if (kind === this.#panelKind) return
    const hadFocus = this.#panelSlot.contains(document.activeElement)
    this.#panelKind = kind
    this.#panel = kind(product, this.#actions)
    this.#panelSlot.replaceChildren(this.#panel.root)
    const target = this.#panel.root.querySelector('h3, button')
    if (hadFocus && target instanceof HTMLElement) target.focus({ preventScroll: true })
  }
}
