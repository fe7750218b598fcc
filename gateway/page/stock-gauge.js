// @ts-check
/** @import { SkuStatus } from '../../protocol/results.ts' */
import { element, setText } from './element.js'
import { unitsLeft, unitsOf } from './product-state.js'
import { counted, digits } from './words.js'

/** Where the units of one product are: a line to read and a bar with its legend. */
export class StockGauge {
  #headline = element('p', { class: 'stock-headline' })
  #waiting = element('p', { class: 'stock-waiting' })
  #bar = element(
    'div',
    { class: 'stock-bar', 'aria-hidden': 'true' },
    ...['ordered', 'held', 'sold'].map((kind) => element('span', { class: kind })),
  )
  #sold = element('dd')
  #ordered = element('dd')
  #held = element('dd')
  #available = element('dd')
  #root

  /** @param {string} sku */
  constructor(sku) {
    const legend = element(
      'dl',
      { class: 'stock-legend' },
      legendItem('sold', 'sold', this.#sold),
      legendItem('held', 'in baskets', this.#held),
      legendItem('ordered', 'being paid', this.#ordered),
      legendItem('available', 'free', this.#available),
    )
    const lines = element('div', { class: 'stock-lines' }, this.#headline, this.#waiting)
    this.#root = element('div', { class: 'stock', 'data-testid': `stock-${sku}` }, lines, this.#bar, legend)
  }

  get root() {
    return this.#root
  }

  /** @param {SkuStatus} status */
  update(status) {
    const { available, held, ordered, sold, waiting } = status
    const units = unitsOf(status)
    setText(this.#headline, headline(status))
    setText(this.#waiting, waiting > 0 ? `${digits(waiting)} in line` : '')
    for (const [node, count] of [
      [this.#sold, sold],
      [this.#ordered, ordered],
      [this.#held, held],
      [this.#available, available],
    ]) {
      if (node instanceof HTMLElement && typeof count === 'number') setText(node, digits(count))
    }
    // Each part is drawn from the left edge over the one before it, so that only `transform` moves.
    this.#bar.style.setProperty('--sold', share(sold, units))
    this.#bar.style.setProperty('--held', share(sold + held, units))
    this.#bar.style.setProperty('--ordered', share(sold + held + ordered, units))
    Object.assign(this.#root.dataset, { available, held, ordered, sold, waiting })
  }
}

/** @param {SkuStatus} status */
function headline(status) {
  const units = unitsOf(status)
  if (status.state === 'scheduled') return counted(units, 'piece', 'pieces')
  if (status.available > 0) return `${digits(status.available)} of ${digits(units)} free`
  if (unitsLeft(status) > 0) return 'None free just now'
  if (units <= 2) return units === 2 ? 'Both are sold' : 'Sold'
  return `All ${digits(units)} are sold`
}

/**
 * @param {string} kind
 * @param {string} label
 * @param {HTMLElement} count
 */
function legendItem(kind, label, count) {
  return element('div', { class: kind }, element('dt', {}, label), count)
}

/**
 * @param {number} part
 * @param {number} whole
 */
function share(part, whole) {
  return whole === 0 ? '0' : (part / whole).toFixed(4)
}
