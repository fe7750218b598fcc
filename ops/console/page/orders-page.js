// @ts-check
/** @import { FoundOrder, RefundInfo } from '../../../protocol/results.ts' */
/** @import { DeadOrder } from '../../../actors/payment/dead-source.ts' */
/** @import { Results } from '../answers.ts' */
/** @import { Desk } from './app.js' */
import { element, pressButton, setText } from '../../../gateway/page/element.js'
import { newRequestId } from './api.js'
import { confirmed, messageOf } from './dialogs.js'
import { table } from './tables.js'
import { counted, digits, minorPerUnit, price, timeText } from './words.js'

const cancellable = ['pending']
const refundable = ['paid']

/** Finds an order, gives money back, and has tried again what was tried in vain too often. */
export class OrdersPage {
  title = 'Orders'
  root
  #desk
  #order = element('input', {
    type: 'search',
    name: 'order',
    required: true,
    maxlength: '80',
    spellcheck: 'false',
    autocomplete: 'off',
    'data-testid': 'order',
  })
  #notice = element('p', { class: 'notice', role: 'alert' })
  #found = element('div', { class: 'found', 'data-testid': 'found-order' })
  #dead = element('section', { 'data-testid': 'dead-orders' })

  /** @param {Desk} desk */
  constructor(desk) {
    this.#desk = desk
    const go = element('button', { type: 'submit', class: 'button small', 'data-testid': 'find-order' }, 'Find')
    const form = element('form', { class: 'inline', role: 'search' }, element('label', {}, 'Order', this.#order), go)
    form.addEventListener('submit', (event) => {
      event.preventDefault()
      const hash = `#/orders/${encodeURIComponent(this.#order.value.trim())}`
      if (location.hash === hash) void this.#find(this.#order.value.trim())
      else location.hash = hash
    })
    this.root = element('div', { class: 'page' }, element('h1', {}, 'Orders'), form, this.#notice, this.#found, this.#dead)
  }

  /** @param {readonly string[]} rest */
  show([order = '']) {
    void this.#loadDead()
    if (order === '') return
    this.#order.value = order
    void this.#find(order)
  }

  /** @param {string} order */
  async #find(order) {
    setText(this.#notice, '')
    try {
      const found = await this.#desk.api.call('order.find', order)
      this.#found.replaceChildren(this.#about(found))
    } catch (error) {
      this.#found.replaceChildren()
      setText(this.#notice, messageOf(error))
    }
  }

  /** @param {Results['order.find']} found */
  #about(found) {
    const { order, sku, user, state, qty, amountMinor, currency, refundedMinor = 0, refunds, told } = found
    const refund = pressButton({ class: 'button quiet small', 'data-testid': 'refund' }, 'Refund…', () => void this.#refund(found))
    const cancel = pressButton({ class: 'button quiet small', 'data-testid': 'cancel-order' }, 'Cancel…', () => void this.#cancel(found))
    refund.hidden = !refundable.includes(state) || refundedMinor >= amountMinor
    cancel.hidden = !cancellable.includes(state)
    const facts = [
      ['State', state],
      ['SKU', sku],
      ['User', element('a', { href: `#/users/${encodeURIComponent(user)}` }, user)],
      ['Units', digits(qty)],
      ['Amount', price(amountMinor, currency)],
      ['Given back', price(refundedMinor, currency)],
      ['The user’s session says', told === null ? 'nothing yet' : told.state],
    ]
    const list = element(
      'dl',
      { class: 'facts' },
      ...facts.map(([name = '', text = '']) => element('div', {}, element('dt', {}, name), element('dd', {}, text))),
    )
    const parts = [
      element(
        'header',
        { class: 'row' },
        element('h2', {}, element('code', {}, order)),
        element('div', { class: 'buttons' }, cancel, refund),
      ),
      list,
    ]
    if (refunds.length > 0) parts.push(refundsTable(refunds, currency))
    return element('section', {}, ...parts)
  }

  /** @param {FoundOrder} order */
  async #refund({ order, amountMinor, currency, refundedMinor = 0, user }) {
    const requestId = newRequestId()
    const left = amountMinor - refundedMinor
    const unit = minorPerUnit(currency)
    const amount = element('input', {
      type: 'number',
      min: String(1 / unit),
      max: String(left / unit),
      step: String(1 / unit),
      value: String(left / unit),
      required: true,
    })
    const isDone = await confirmed({
      title: `Refund ${order}`,
      effects: [
        `Of ${price(amountMinor, currency)}, ${price(left, currency)} can still be given back to ${user}.`,
        'With the last of its money the order is refunded; whether its units go on sale again, its SKU’s settings say.',
        'Money that has gone back does not come again.',
      ],
      fields: [element('label', {}, `Amount in ${currency}`, amount)],
      action: 'Give it back',
      grave: true,
      run: async () => {
        await this.#desk.api.call('order.refund', order, Math.round(amount.valueAsNumber * unit), requestId)
      },
    })
    if (!isDone) return
    this.#desk.notices.done(`The refund of ${order} has begun.`)
    await this.#find(order)
  }

  /** @param {FoundOrder} order */
  async #cancel({ order, user, qty }) {
    const isDone = await confirmed({
      title: `Cancel ${order}`,
      effects: [`The order of ${user} is given up, and ${counted(qty, 'unit')} go to the next in line.`, 'What was paid for it goes back.'],
      action: 'Cancel the order',
      grave: true,
      run: async () => {
        await this.#desk.api.call('order.cancel', user, order)
      },
    })
    if (isDone) await this.#find(order)
  }

  async #loadDead() {
    const heading = element('h2', {}, 'Tried in vain')
    try {
      const { orders } = await this.#desk.api.get('dead-orders')
      if (orders === null) return this.#dead.replaceChildren(heading, element('p', { class: 'soft' }, elsewhere))
      if (orders.length === 0)
        return this.#dead.replaceChildren(heading, element('p', { class: 'soft' }, 'No order was tried in vain too often.'))
      const all = pressButton(
        { class: 'button small', 'data-testid': 'retry-all' },
        'Try all again…',
        () => void this.#retry('*', orders.length),
      )
      const rows = orders.map((one) => this.#deadRow(one))
      const columns = ['Order', 'State', 'User', 'Wants', 'Amount', 'Attempts', 'Reason', '']
      this.#dead.replaceChildren(
        element('header', { class: 'row' }, heading, all),
        table('Dead orders', columns, element('tbody', {}, ...rows)),
      )
    } catch (error) {
      this.#dead.replaceChildren(heading, element('p', { class: 'notice', role: 'alert' }, messageOf(error)))
    }
  }

  /** @param {DeadOrder} dead */
  #deadRow({ order, user, amountMinor, currency, kind, state, attempts, reason }) {
    const again = pressButton(
      { class: 'button quiet small', 'aria-label': `Try ${order} again` },
      'Try again…',
      () => void this.#retry([order], 1),
    )
    return element(
      'tr',
      { 'data-testid': `dead-${order}` },
      element('th', { scope: 'row' }, orderLink(order)),
      ...[state, user, kind].map((text) => element('td', {}, text)),
      element('td', { class: 'number' }, price(amountMinor, currency)),
      element('td', { class: 'number' }, digits(attempts)),
      element('td', {}, reason),
      element('td', { class: 'do' }, again),
    )
  }

  /**
   * @param {'*' | readonly string[]} orders
   * @param {number} count
   */
  async #retry(orders, count) {
    const isDone = await confirmed({
      title: `Try ${counted(count, 'order')} again`,
      effects: ['They go into their queue now, as if they were new. Nobody pays twice: the provider knows each by its id.'],
      action: 'Try again',
      run: async () => {
        const { retried } = await this.#desk.api.post('retry-dead', { orders })
        this.#desk.notices.done(`${counted(retried.length, 'order')} will be tried again.`)
      },
    })
    if (isDone) await this.#loadDead()
  }
}

const elsewhere =
  'This process takes no payments, so it does not know them. The processes with the role orders do: sluice orders dead --ops HOST:7081 lists them.'

/**
 * @param {readonly RefundInfo[]} refunds
 * @param {string} currency
 */
function refundsTable(refunds, currency) {
  const rows = refunds.map((refund) =>
    element(
      'tr',
      {},
      element('td', { class: 'number' }, price(refund.amountMinor, currency)),
      element('td', {}, refund.state),
      element('td', {}, timeText(refund.updatedAt)),
    ),
  )
  return table('Refunds', ['Amount given back', 'State', 'Since'], element('tbody', {}, ...rows))
}

/** @param {string} order */
export function orderLink(order) {
  return element('a', { href: `#/orders/${encodeURIComponent(order)}` }, element('code', {}, order))
}
