// @ts-check
/** @import { Desk } from './app.js' */
import { element, setText } from '../../../gateway/page/element.js'
import { TimeChart } from './chart.js'
import { SaleCard } from './sale-card.js'
import { digits } from './words.js'

/** One sale by itself, with its units and its line over the last minutes. */
export class SalePage {
  title = 'Sale'
  root = element('div', { class: 'page' })
  #desk
  #name = ''
  /** @type {SaleCard | undefined} */
  #card
  #stock
  #line
  #back = element('p', { class: 'back' }, element('a', { href: '#/sales' }, '← All sales'))
  #missing = element('p', { class: 'empty' })

  /** @param {Desk} desk */
  constructor(desk) {
    this.#desk = desk
    const format = (/** @type {number} */ value) => digits(Math.round(value))
    this.#stock = new TimeChart({
      title: 'Units',
      note: 'the whole cluster',
      format,
      series: [
        { name: 'available', colour: '--soft' },
        { name: 'held', colour: '--signal-mid' },
        { name: 'ordered', colour: '--signal' },
        { name: 'sold', colour: '--ink' },
      ],
    })
    this.#line = new TimeChart({
      title: 'People in line',
      note: 'the whole cluster',
      format,
      series: [{ name: 'in line', colour: '--signal', fill: true }],
    })
  }

  /** @param {readonly string[]} rest */
  show([name = '']) {
    this.#stock.show()
    this.#line.show()
    if (name === this.#name && this.#card !== undefined) return
    this.#name = name
    this.title = name
    this.#card = new SaleCard(this.#desk, name, { isPage: true })
    this.root.replaceChildren(
      this.#back,
      this.#card.root,
      element('div', { class: 'charts' }, this.#stock.root, this.#line.root),
      this.#missing,
    )
    this.#card.root.hidden = true
  }

  hide() {
    this.#stock.hide()
    this.#line.hide()
  }

  update() {
    const { board, history } = this.#desk.live
    const sale = board?.sales.find((one) => one.sale === this.#name)
    setText(
      this.#missing,
      board === undefined || sale !== undefined ? '' : `There is no sale ${this.#name}, or it is not shown because there are too many.`,
    )
    if (this.#card === undefined || sale === undefined) return
    this.#card.root.hidden = false
    this.#card.update(sale)
    const rows = history.moments.map(({ sales }) => sales.get(this.#name))
    const times = history.times()
    this.#stock.update(times, [
      rows.map((row) => row?.available ?? null),
      rows.map((row) => row?.held ?? null),
      rows.map((row) => row?.ordered ?? null),
      rows.map((row) => row?.sold ?? null),
    ])
    this.#line.update(times, [rows.map((row) => row?.waiting ?? null)])
  }
}
