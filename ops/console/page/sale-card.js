// @ts-check
/** @import { BoardSale, BoardSku } from '../board.ts' */
/** @import { Desk } from './app.js' */
/** @import { SaleAction } from './sale-actions.js' */
import { element, pressButton, setText } from '../../../gateway/page/element.js'
import { actionNames, actionsIn, changeSale, priceOf, restock } from './sale-actions.js'
import { digits, rateText, sumOf, timeText } from './words.js'

/** @type {Readonly<Record<BoardSale['state'], string>>} */
export const stateNames = { open: 'Open', paused: 'Paused', scheduled: 'Scheduled', over: 'Over' }
/** @type {Readonly<Record<BoardSku['state'], string>>} */
const phaseNames = { open: 'Open', paused: 'Paused', scheduled: 'Scheduled', closed: 'Closed' }
/** @type {readonly SaleAction[]} */
const actions = ['open', 'resume', 'pause', 'close']

/** One sale: how it stands, what can be done with it, and a row for each of its SKUs. What is in the focus stays there while the figures change. */
export class SaleCard {
  root
  #desk
  /** @type {BoardSale | undefined} */
  #sale
  #title
  #id = element('code')
  #state = element('span', { class: 'state' })
  #when = element('span', { class: 'soft' })
  #buttons
  #body = element('tbody')
  #foot = element('tfoot')
  /** @type {Map<string, SkuRow>} */
  #rows = new Map()
  #sums

  /**
   * @param {Desk} desk
   * @param {string} sale
   * @param {{ isPage?: boolean }} [options]
   */
  constructor(desk, sale, { isPage = false } = {}) {
    this.#desk = desk
    this.#title = isPage ? element('h1') : element('a', { href: `#/sales/${encodeURIComponent(sale)}` })
    const heading = isPage ? this.#title : element('h2', {}, this.#title)
    this.#buttons = new Map(
      actions.map((action) => {
        const attributes = { class: action === 'close' ? 'button quiet small' : 'button small', 'data-testid': `${action}-${sale}` }
        const press = () => {
          if (this.#sale !== undefined) void changeSale(desk, this.#sale, action)
        }
        return [action, pressButton({ ...attributes, hidden: true }, actionNames[action], press)]
      }),
    )
    const edit = element(
      'a',
      { class: 'button quiet small', href: `#/sales/${encodeURIComponent(sale)}/edit`, 'data-testid': `edit-${sale}` },
      'Edit…',
    )
    const about = element('p', { class: 'sale-about' }, this.#state, this.#id, this.#when)
    const head = element(
      'header',
      {},
      element('div', {}, heading, about),
      element('div', { class: 'buttons' }, ...this.#buttons.values(), edit),
    )
    this.#sums = ['available', 'held', 'ordered', 'sold', 'waiting'].map(() => element('td', { class: 'number' }))
    this.#foot.append(
      element('tr', {}, element('th', { scope: 'row' }, 'All'), element('td'), ...this.#sums, element('td'), element('td'), element('td')),
    )
    const table = element('table', { class: 'skus' }, caption(sale), columns(), this.#body, this.#foot)
    this.root = element(
      'section',
      { class: 'sale', 'data-testid': `sale-${sale}` },
      head,
      element('div', { class: 'scrolled', tabindex: '0', role: 'group', 'aria-label': `Units of ${sale}` }, table),
    )
  }

  /** @param {BoardSale} sale */
  update(sale) {
    this.#sale = sale
    setText(this.#title, sale.title)
    setText(this.#id, sale.sale)
    setText(this.#state, stateNames[sale.state])
    this.#state.dataset['state'] = sale.state
    this.root.dataset['state'] = sale.state
    setText(this.#when, whenText(sale))
    for (const [action, button] of this.#buttons) {
      const isPossible = actionsIn[sale.state].includes(action)
      if (button.hidden === isPossible) this.#showButton(button, isPossible)
    }
    for (const sku of sale.skus) this.#rowOf(sku).update(sku)
    this.#foot.hidden = sale.skus.length < 2
    const sum = sumOf(sale.skus)
    const sums = [sum.available, sum.held, sum.ordered, sum.sold, sum.waiting]
    sums.forEach((count, i) => {
      const node = this.#sums[i]
      if (node !== undefined) setText(node, digits(count))
    })
  }

  /**
   * A button that goes while it has the focus leaves it to one that comes or stays.
   * @param {HTMLButtonElement} button
   * @param {boolean} isShown
   */
  #showButton(button, isShown) {
    const hadFocus = document.activeElement === button
    button.hidden = !isShown
    if (!hadFocus || isShown) return
    queueMicrotask(() => [...this.#buttons.values()].find((one) => !one.hidden)?.focus())
  }

  /** @param {BoardSku} sku */
  #rowOf(sku) {
    const known = this.#rows.get(sku.sku)
    if (known !== undefined) return known
    const row = new SkuRow(this.#desk, sku.sku)
    this.#rows.set(sku.sku, row)
    this.#body.append(row.root)
    return row
  }
}

class SkuRow {
  root
  /** @type {BoardSku | undefined} */
  #sku
  #title = element('span', { class: 'sku-title' })
  #phase = element('span', { class: 'soft' })
  #bar
  #numbers
  #restock

  /**
   * @param {Desk} desk
   * @param {string} sku
   */
  constructor(desk, sku) {
    this.#bar = element(
      'div',
      { class: 'stock-bar', 'aria-hidden': 'true' },
      ...['ordered', 'held', 'sold'].map((kind) => element('span', { class: kind })),
    )
    this.#numbers = Array.from({ length: 7 }, () => element('td', { class: 'number' }))
    this.#restock = pressButton(
      { class: 'button quiet small', 'data-testid': `restock-${sku}`, 'aria-label': `Restock ${sku}` },
      'Restock',
      () => {
        if (this.#sku !== undefined) void restock(desk, this.#sku)
      },
    )
    const name = element('th', { scope: 'row' }, this.#title, element('code', {}, sku), this.#phase)
    this.root = element(
      'tr',
      { 'data-testid': `sku-${sku}` },
      name,
      element('td', { class: 'bar' }, this.#bar),
      ...this.#numbers,
      element('td', { class: 'do' }, this.#restock),
    )
  }

  /** @param {BoardSku} sku */
  update(sku) {
    this.#sku = sku
    const { title, available, held, ordered, sold, waiting, state, draw } = sku
    const units = available + held + ordered + sold
    setText(this.#title, title)
    setText(this.#phase, draw?.stage === 'lobby' ? `${phaseNames[state]} · ${digits(draw.people)} in the lobby` : phaseNames[state])
    const shown = [available, held, ordered, sold, waiting].map(digits)
    const texts = [...shown, state === 'open' ? rateText(sku.servedPerSecond) : '–', priceOf(sku)]
    texts.forEach((text, i) => {
      const node = this.#numbers[i]
      if (node !== undefined) setText(node, text)
    })
    // Each part is drawn from the left edge over the one before it, so that only `transform` moves.
    this.#bar.style.setProperty('--sold', share(sold, units))
    this.#bar.style.setProperty('--held', share(sold + held, units))
    this.#bar.style.setProperty('--ordered', share(sold + held + ordered, units))
    this.#restock.hidden = state === 'closed'
    Object.assign(this.root.dataset, { available, held, ordered, sold, waiting, state })
  }
}

function columns() {
  const names = ['Available', 'Held', 'Ordered', 'Sold', 'In line', 'Served/s', 'Price']
  const stock = element('th', { scope: 'col' }, 'Stock')
  return element(
    'thead',
    {},
    element(
      'tr',
      {},
      element('th', { scope: 'col' }, 'SKU'),
      stock,
      ...names.map((name) => element('th', { scope: 'col', class: 'number' }, keyOf(name), name)),
      element('th', { scope: 'col' }, element('span', { class: 'unseen' }, 'Change')),
    ),
  )
}

/**
 * What the colours of the bars are, before the names of their columns.
 * @param {string} name
 */
function keyOf(name) {
  const kind = name.toLowerCase()
  return ['available', 'held', 'ordered', 'sold'].includes(kind) ? element('span', { class: `key ${kind}`, 'aria-hidden': 'true' }) : ''
}

/** @param {string} sale */
function caption(sale) {
  return element('caption', { class: 'unseen' }, `SKUs of ${sale}, of the whole cluster`)
}

/** @param {BoardSale} sale */
function whenText({ opensAt, closesAt, state, saleLimitPerUser }) {
  const when = opensAt === 0 ? '' : state === 'scheduled' ? `opens ${timeText(opensAt)}` : `opening time ${timeText(opensAt)}`
  const limit = saleLimitPerUser === undefined ? '' : `${saleLimitPerUser} per user of all together`
  const end = closesAt === undefined || state === 'over' ? '' : `closes ${timeText(closesAt)}`
  return [when, end, limit].filter((text) => text !== '').join(' · ')
}

/**
 * @param {number} part
 * @param {number} whole
 */
function share(part, whole) {
  return whole === 0 ? '0' : (part / whole).toFixed(4)
}
