// @ts-check
/** @import { BoardSale } from '../board.ts' */
/** @import { Desk } from './app.js' */
import { element, setText } from '../../../gateway/page/element.js'
import { TimeChart } from './chart.js'
import { callsIn } from './history.js'
import { SaleCard } from './sale-card.js'
import { counted, digits, rateText } from './words.js'

/** The sale board: figures of now, charts of the last minutes, and every sale. */
export class SalesPage {
  title = 'Sales'
  root
  #desk
  #whole = new Figures('All sales, the whole cluster', ['In line', 'Held units', 'Sold units', 'Sold per second'])
  #own = new Figures('This process', ['Calls per second', 'Refused per second', 'Users connected', 'Event loop busy'])
  #line
  #sold
  #calls
  #running = element('div', { class: 'sales' })
  #over = element('div', { class: 'sales' })
  #overCount = element('summary')
  #overPart = element('details', { class: 'over', hidden: true }, this.#overCount, this.#over)
  #empty = element('p', { class: 'empty', hidden: true }, 'There is no sale yet. ', element('a', { href: '#/new' }, 'Create one'), '.')
  #left = element('p', { class: 'soft', hidden: true })
  /** @type {Map<string, SaleCard>} */
  #cards = new Map()

  /** @param {Desk} desk */
  constructor(desk) {
    this.#desk = desk
    this.#line = new TimeChart({
      title: 'People in line',
      note: 'all sales',
      testId: 'chart-line',
      format: (value) => digits(Math.round(value)),
      series: [{ name: 'in line', colour: '--signal', fill: true }],
    })
    this.#sold = new TimeChart({
      title: 'Sold per second',
      note: 'all sales',
      testId: 'chart-sold',
      format: rateText,
      series: [{ name: 'units', colour: '--ink', fill: true }],
    })
    this.#calls = new TimeChart({
      title: 'Calls per second',
      note: 'this process',
      testId: 'chart-calls',
      format: rateText,
      series: [
        { name: 'with a result', colour: '--signal' },
        { name: 'refused', colour: '--warn' },
      ],
    })
    this.root = element(
      'div',
      { class: 'page' },
      element('h1', { class: 'unseen' }, 'Sales'),
      element('div', { class: 'figure-rows' }, this.#whole.root, this.#own.root),
      element('div', { class: 'charts' }, this.#line.root, this.#sold.root, this.#calls.root),
      this.#empty,
      this.#running,
      this.#overPart,
      this.#left,
    )
  }

  show() {
    for (const chart of [this.#line, this.#sold, this.#calls]) chart.show()
  }

  hide() {
    for (const chart of [this.#line, this.#sold, this.#calls]) chart.hide()
  }

  update() {
    const { board, history } = this.#desk.live
    const last = history.moments.at(-1)
    if (board === undefined || last === undefined) return
    this.#tellFigures(last)
    const times = history.times()
    this.#line.update(times, [history.moments.map((moment) => moment.all.waiting)])
    this.#sold.update(times, [history.rates((moment) => moment.all.sold)])
    this.#calls.update(times, [history.rates((moment) => callsIn(moment).answered), history.rates((moment) => callsIn(moment).refused)])
    this.#tellSales(board.sales)
    this.#left.hidden = board.skusLeftOut === 0
    setText(this.#left, `Sales with ${counted(board.skusLeftOut, 'SKU')} more are not shown here: there are too many.`)
  }

  /** @param {import('./history.js').Moment} last */
  #tellFigures(last) {
    const { history } = this.#desk.live
    const { waiting, held, sold } = last.all
    this.#whole.tell([digits(waiting), digits(held), digits(sold), rateText(history.rate((moment) => moment.all.sold))])
    const busy = history.rate(({ figures }) => figures.loop.activeSeconds)
    this.#own.tell([
      rateText(history.rate((moment) => callsIn(moment).answered + callsIn(moment).refused)),
      rateText(history.rate((moment) => callsIn(moment).refused)),
      digits(last.figures.usersConnected),
      busy === undefined ? '–' : `${Math.round(Math.min(1, busy) * 100)} %`,
    ])
  }

  /** @param {readonly BoardSale[]} sales */
  #tellSales(sales) {
    this.#empty.hidden = sales.length > 0
    const over = sales.filter(({ state }) => state === 'over')
    this.#overPart.hidden = over.length === 0
    setText(this.#overCount, `${counted(over.length, 'sale')} that ${over.length === 1 ? 'is' : 'are'} over`)
    for (const sale of sales) {
      const place = sale.state === 'over' ? this.#over : this.#running
      const card = this.#cards.get(sale.sale) ?? new SaleCard(this.#desk, sale.sale)
      this.#cards.set(sale.sale, card)
      // Moved only when it must: an element that moves loses the focus.
      if (card.root.parentElement !== place) place.append(card.root)
      card.update(sale)
    }
  }
}

/** A row of figures under one heading, which says of what they are. */
export class Figures {
  root
  #values

  /**
   * @param {string} heading
   * @param {readonly string[]} names
   */
  constructor(heading, names) {
    this.#values = names.map(() => element('dd'))
    const items = names.map((name, i) => element('div', {}, element('dt', {}, name), this.#values[i] ?? ''))
    this.root = element('section', { class: 'figures' }, element('h2', {}, heading), element('dl', {}, ...items))
  }

  /** @param {readonly string[]} texts */
  tell(texts) {
    texts.forEach((text, i) => {
      const node = this.#values[i]
      if (node !== undefined) setText(node, text)
    })
  }
}
