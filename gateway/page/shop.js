// @ts-check
/** @import { ClaimState, SaleInfo } from '../../protocol/results.ts' */
/** @import { Product } from './product-state.js' */
/** @import { ShopInfo } from './demo-api.js' */
/** @import { ServerClock } from './server-clock.js' */
/** @import { Shelf } from './shelf.js' */
/** @typedef {import('../../protocol/client/index.js').SocketClient} Client */
import { Attention } from './attention.js'
import { part } from './element.js'
import { OtherTabs } from './other-tabs.js'
import { ProductCard } from './product-card.js'
import { refusalInWords } from './refusal-words.js'
import { SaleStatus } from './sale-status.js'
import { Tray } from './tray.js'

/** The sale on the page: it draws what the shelf says and passes on what the person does. */
export class Shop {
  #shelf
  #client
  #clock
  #userOf
  #list = part(document, '#products', HTMLElement)
  #attention = new Attention(part(document, '#announcer', HTMLElement), part(document, '#alarm', HTMLElement))
  #tray = new Tray(part(document, '#tray', HTMLElement))
  #otherTabs = new OtherTabs((sku) => void this.askClaim(sku))
  #status
  /** @type {Map<string, ProductCard>} */
  #cards = new Map()
  /** @type {Set<string>} */
  #watched = new Set()
  #online = false
  #isDemo = false

  /**
   * @param {Shelf} shelf
   * @param {Client} client
   * @param {ServerClock} clock
   * @param {() => Promise<string>} onRestart
   * @param {() => string} userOf the name that the server knows this person by
   */
  constructor(shelf, client, clock, onRestart, userOf) {
    this.#shelf = shelf
    this.#client = client
    this.#clock = clock
    this.#userOf = userOf
    this.#status = new SaleStatus(part(document, '#sale-status', HTMLElement), onRestart)
  }

  /** @param {boolean} online */
  setOnline(online) {
    this.#online = online
    this.draw()
  }

  /**
   * Shows the sale as it is now; if it is another one, with new cards. Rejects with a `SluiceError` if the server does not answer; the
   * next call then goes on where this one ended.
   * @param {SaleInfo} sale
   * @param {ShopInfo} info
   */
  async show(sale, info) {
    this.#isDemo = info.isDemo
    const isOther = this.#shelf.takeSale(inOrder(sale, info.skus))
    if (isOther) this.#fillShelf(info.assetBase)
    this.draw()
    if (isOther) this.#shelf.takeAllClaims(await this.#client.resume())
    await this.#watchOnly(new Set(sale.skus.map(({ sku }) => sku)))
    this.draw()
  }

  /** @param {ReadonlySet<string>} skus */
  async #watchOnly(skus) {
    for (const sku of this.#watched) {
      if (!skus.has(sku)) await this.#client.unwatch(sku)
      if (!skus.has(sku)) this.#watched.delete(sku)
    }
    for (const sku of skus) {
      if (this.#watched.has(sku)) continue
      this.#shelf.takeStatus(await this.#client.watch(sku))
      this.#watched.add(sku)
    }
  }

  /** Draws everything as it is now. Cheap where nothing changed, so it is simply called often. */
  draw() {
    const now = this.#clock.now()
    const { products } = this.#shelf
    for (const product of products) this.#cards.get(product.info.sku)?.update(product, now, this.#online)
    this.#status.update(products, now, this.#isDemo)
    this.#attention.update(products, now)
    this.#tray.update(products, (sku) => this.#cards.get(sku)?.stateRoot, now)
  }

  /**
   * Asks the server what the person has of one product.
   * @param {string} sku
   */
  async askClaim(sku) {
    try {
      this.#shelf.takeClaim(sku, await this.#client.claim(sku))
    } catch (error) {
      this.#refused(sku, error)
    }
    this.draw()
  }

  /**
   * Brings a product of the sale into sight, and the keyboard's focus to what can be done with it.
   * @param {string} sku
   */
  reveal(sku) {
    const card = this.#cards.get(sku)
    if (card === undefined) return
    card.root.scrollIntoView({ behavior: 'instant', block: 'start' })
    card.stateRoot.querySelector('button')?.focus({ preventScroll: true })
  }

  /** @param {string} assetBase */
  #fillShelf(assetBase) {
    this.#tray.forgetAll()
    this.#cards = new Map(this.#shelf.products.map((product) => [product.info.sku, this.#card(product, assetBase)]))
    this.#list.replaceChildren(...[...this.#cards.values()].map(({ root }) => root))
    for (const { stateRoot } of this.#cards.values()) this.#tray.watch(stateRoot)
  }

  /**
   * @param {Product} product
   * @param {string} assetBase
   */
  #card(product, assetBase) {
    const { sku } = product.info
    const actions = {
      buy: () => void this.#act(product, 'buy', () => this.#client.buy(sku)),
      leave: () => void this.#act(product, 'leave', () => this.#client.leave(sku)),
      /** @param {string} payment */
      pay: (payment) => void this.#act(product, 'checkout', () => this.#client.checkout(sku, payment)),
    }
    return new ProductCard(product, actions, assetBase, this.#userOf)
  }

  /**
   * Makes one call for the person. While it is under way the product takes no other.
   * @param {Product} product
   * @param {'buy' | 'leave' | 'checkout'} name
   * @param {() => Promise<ClaimState>} call
   */
  async #act(product, name, call) {
    if (product.busy !== '') return
    const { sku } = product.info
    product.busy = name
    product.notice = ''
    this.draw()
    try {
      this.#shelf.takeClaim(sku, await call())
      this.#otherTabs.tell(sku)
    } catch (error) {
      this.#refused(sku, error)
    }
    product.busy = ''
    this.draw()
    this.#cards.get(sku)?.reveal()
  }

  /**
   * @param {string} sku
   * @param {unknown} error
   */
  #refused(sku, error) {
    const product = this.#shelf.product(sku)
    const refusal = refusalInWords(error)
    if (product === undefined) return
    if (refusal.code === 'SOLD_OUT') product.claim = { state: 'soldout' }
    else if (refusal.code === 'HOLD_EXPIRED' || refusal.code === 'NO_HOLD') product.claim = { state: 'expired' }
    else product.notice = refusal.text
  }
}

/**
 * The sale with its products as the shop wants them shown; the server lists them in no order of its own.
 * @param {SaleInfo} sale
 * @param {readonly string[]} order
 * @returns {SaleInfo}
 */
function inOrder(sale, order) {
  /** @param {string} sku */
  const rank = (sku) => (order.includes(sku) ? order.indexOf(sku) : order.length)
  return { ...sale, skus: sale.skus.toSorted((a, b) => rank(a.sku) - rank(b.sku) || a.sku.localeCompare(b.sku)) }
}
