// @ts-check
/** @import { ProductSummary, SearchResult } from '../../protocol/client/index.js' */
/** @typedef {import('../../protocol/client/index.js').SocketClient} Client */
import { SluiceError } from '../../protocol/client/index.js'
import { element, part, pressButton, setText } from './element.js'
import { stateInWords } from './offer-words.js'
import { pictureAddress } from './picture-address.js'
import { addressOfProduct } from './route.js'
import { counted, price } from './words.js'

const pageSize = 12
const typingMs = 150
const retryMs = 1_000
const refreshMsMax = 5_000
const limitMax = 100

/** All that the shop has, to be searched and filtered. What is on the page is what the last question found, whichever answer came last. */
export class WholeShop {
  #client
  #clock
  #root
  #form
  #text
  #state
  #price
  #categories
  #list
  #count
  #more
  #category = ''
  #skip = 0
  #asked = 0
  #assetBase = '/'
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #typing
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #later

  /**
   * @param {HTMLElement} root
   * @param {Client} client
   * @param {import('./server-clock.js').ServerClock} clock
   */
  constructor(root, client, clock) {
    this.#root = root
    this.#client = client
    this.#clock = clock
    this.#form = part(root, 'form', HTMLFormElement)
    this.#text = part(root, 'input[name=text]', HTMLInputElement)
    this.#state = part(root, 'select[name=state]', HTMLSelectElement)
    this.#price = part(root, 'select[name=price]', HTMLSelectElement)
    this.#categories = part(root, '.categories', HTMLElement)
    this.#list = part(root, '.finds', HTMLElement)
    this.#count = part(root, '.finds-count', HTMLElement)
    this.#more = pressButton({ class: 'button quiet', 'data-testid': 'more-finds', hidden: true }, 'Show more', () => void this.#ask(true))
    root.append(this.#more)
    this.#form.addEventListener('submit', (event) => {
      event.preventDefault()
      void this.#ask()
    })
    this.#text.addEventListener('input', () => {
      clearTimeout(this.#typing)
      this.#typing = setTimeout(() => void this.#ask(), typingMs)
    })
    for (const select of [this.#state, this.#price]) select.addEventListener('change', () => void this.#ask())
  }

  /** @param {string} assetBase */
  async open(assetBase) {
    this.#assetBase = assetBase
    await this.#ask()
  }

  /** Something of a sale has changed, for everybody at once: whoever has this part in sight asks again, each a little later at another moment. */
  refresh() {
    clearTimeout(this.#later)
    this.#later = setTimeout(() => {
      const { top, bottom } = this.#root.getBoundingClientRect()
      if (bottom > 0 && top < innerHeight) void this.#ask(false, Math.min(limitMax, Math.max(pageSize, this.#skip)))
    }, refreshMsMax * Math.random())
  }

  /**
   * Shows only what is of this category.
   * @param {string} category
   */
  choose(category) {
    this.#form.reset()
    this.#category = category
    void this.#ask()
  }

  /**
   * @param {boolean} [isMore] the next page of the same
   * @param {number} [limit]
   */
  async #ask(isMore = false, limit = pageSize) {
    const asked = ++this.#asked
    const skip = isMore ? this.#skip : 0
    const [priceMin, priceMax] = this.#price.value.split('-').map((text) => (text === '' ? undefined : Number(text)))
    try {
      /** @type {import('../../protocol/client/index.js').SearchFilters} */
      const filters = {
        ...(this.#state.value === '' ? {} : { state: stateOf(this.#state.value) }),
        ...(this.#category === '' ? {} : { category: this.#category }),
        ...(priceMin === undefined ? {} : { priceMin }),
        ...(priceMax === undefined ? {} : { priceMax }),
        skip,
        limit,
      }
      const found = await this.#client.search(this.#text.value.trim(), filters)
      if (asked !== this.#asked) return
      this.#show(found, skip)
      this.#root.hidden = false
    } catch (error) {
      if (!(error instanceof SluiceError)) throw error
      // A shop without a catalogue has no such part.
      if (error.code === 'UNKNOWN_METHOD' || asked !== this.#asked) return
      await this.#clock.wait(retryMs)
      if (asked === this.#asked) void this.#ask(isMore, limit)
    }
  }

  /**
   * @param {SearchResult} found
   * @param {number} skip
   */
  #show({ total, products, categories }, skip) {
    this.#skip = skip + products.length
    const cards = products.map((product) => findCard(product, this.#assetBase))
    if (skip === 0) this.#list.replaceChildren(...cards)
    else this.#list.append(...cards)
    setText(this.#count, total === 0 ? 'Nothing like that. Try fewer words, or another filter.' : counted(total, 'piece', 'pieces'))
    this.#more.hidden = this.#skip >= total
    this.#showCategories(categories.map(({ name }) => name))
  }

  /** @param {readonly string[]} names */
  #showCategories(names) {
    const hadFocus = this.#categories.contains(document.activeElement) ? document.activeElement?.textContent : undefined
    const all = ['', ...new Set(this.#category === '' ? names : [this.#category, ...names])].sort((a, b) => a.localeCompare(b))
    const chips = all.map((name) => {
      const chip = pressButton({ class: 'button chip', 'data-testid': `category-${name || 'all'}` }, name || 'Everything', () => {
        this.#category = name
        void this.#ask()
      })
      chip.ariaPressed = String(name === this.#category)
      return chip
    })
    this.#categories.replaceChildren(...chips)
    chips.find((chip) => chip.textContent === hadFocus)?.focus({ preventScroll: true })
  }
}

/**
 * @param {ProductSummary} summary
 * @param {string} assetBase
 */
function findCard({ product, title, picture, priceMinor, currency, usualPriceMinor, state }, assetBase) {
  const words = stateInWords(state)
  return element(
    'li',
    { class: 'find', 'data-testid': `find-${product}`, 'data-state': state },
    element(
      'a',
      { href: addressOfProduct(product) },
      element(
        'span',
        { class: 'picture' },
        ...(picture === '' ? [] : [element('img', { src: pictureAddress(picture, assetBase), alt: '', width: '800', height: '600' })]),
      ),
      element('span', { class: 'find-title' }, title),
      element('span', { class: 'find-price' }, price(priceMinor, currency), ...usual(priceMinor, usualPriceMinor, currency)),
      ...(words === '' ? [] : [element('span', { class: 'find-state' }, words)]),
    ),
  )
}

/**
 * What it costs otherwise, if that is more.
 * @param {number} now
 * @param {number | null} usually
 * @param {string} currency
 */
export function usual(now, usually, currency) {
  if (usually === null || usually <= now) return []
  return [' ', element('s', {}, element('span', { class: 'unseen' }, 'usually '), price(usually, currency))]
}

/** @param {string} value */
function stateOf(value) {
  return value === 'open' ? 'open' : value === 'none' ? 'none' : 'onsale'
}
