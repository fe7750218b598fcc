// @ts-check
/** @import { RushReport } from './demo-api.js' */
/** @import { Product } from './product-state.js' */
/** @import { ServerClock } from './server-clock.js' */
import { askRush, order } from './demo-api.js'
import { element, part, setEnabled, setText } from './element.js'
import { unitsOf } from './product-state.js'
import { digits } from './words.js'

const pollMs = 500
const missesMax = 20

const onTheWay = /** @type {const} */ ([
  { name: 'bought', label: 'bought one' },
  { name: 'soldout', label: 'told “sold out”' },
  { name: 'held', label: 'at the till' },
  { name: 'queued', label: 'in line' },
  { name: 'outside', label: 'at the door' },
])

const atTheEnd = /** @type {const} */ ([
  { name: 'bought', label: 'bought one' },
  { name: 'soldout', label: 'told “sold out”' },
  { name: 'declined', label: 'card declined' },
  { name: 'left', label: 'walked away' },
  { name: 'errors', label: 'failed' },
])

/** The demo's crowd: how many, a bar while they shop, and at the end what became of them and of every unit. */
export class Crowd {
  #root
  #clock
  #products
  #start
  #notice
  #result
  #isFollowing = false

  /**
   * @param {HTMLElement} root
   * @param {ServerClock} clock
   * @param {() => readonly Product[]} products
   */
  constructor(root, clock, products) {
    this.#root = root
    this.#clock = clock
    this.#products = products
    this.#start = part(root, '[data-testid=rush-start]', HTMLButtonElement)
    this.#notice = part(root, '[data-part=notice]', HTMLElement)
    this.#result = part(root, '.crowd-result', HTMLElement)
    const form = part(root, 'form', HTMLFormElement)
    form.addEventListener('submit', (event) => {
      event.preventDefault()
      if (this.#start.ariaDisabled !== 'true') void this.#send(Number(new FormData(form).get('users')))
    })
  }

  show() {
    this.#root.hidden = false
    part(document, '.to-crowd', HTMLElement).hidden = false
  }

  /** Follows a rush that is already on, whoever began it. */
  async open() {
    const report = await askRush()
    if (report?.running === true) await this.#follow()
  }

  /** @param {number} users */
  async #send(users) {
    setEnabled(this.#start, false)
    this.#tell('')
    const refused = await order('rush', { users })
    if (refused === undefined) await this.#follow()
    else this.#tell(refused)
    setEnabled(this.#start, true)
  }

  async #follow() {
    if (this.#isFollowing) return
    this.#isFollowing = true
    setEnabled(this.#start, false)
    const progress = progressView()
    this.#result.replaceChildren(progress.root)
    let last
    for (let misses = 0; misses < missesMax; await this.#clock.wait(pollMs)) {
      const report = await askRush()
      misses = report === undefined ? misses + 1 : 0
      if (report === undefined) continue
      last = report
      progress.update(report)
      if (!report.running) break
    }
    this.#isFollowing = false
    setEnabled(this.#start, true)
    if (last === undefined || last.running) this.#tell('The shop stopped answering while the crowd was in.')
    else this.#result.replaceChildren(summary(last, this.#products()))
  }

  /** @param {string} text */
  #tell(text) {
    setText(this.#notice, text)
    this.#notice.hidden = text === ''
  }
}

function progressView() {
  const text = element('p', { class: 'rush-text' })
  const bar = element('div', { class: 'rush-bar', role: 'progressbar', 'aria-label': 'Shoppers who are done', 'aria-valuemin': '0' })
  const counts = onTheWay.map((outcome) => ({ ...outcome, count: element('dd') }))
  const list = element(
    'dl',
    { class: 'rush-counts' },
    ...counts.map(({ label, count }) => element('div', {}, element('dt', {}, label), count)),
  )
  return {
    root: element('div', { class: 'rush-progress', 'data-testid': 'rush-progress' }, text, bar, list),
    /** @param {RushReport} report */
    update(report) {
      setText(text, `${digits(report.done)} of ${digits(report.users)} shoppers are done`)
      bar.setAttribute('aria-valuemax', String(report.users))
      bar.setAttribute('aria-valuenow', String(report.done))
      bar.style.setProperty('--done', report.users === 0 ? '0' : (report.done / report.users).toFixed(4))
      for (const { name, count } of counts) setText(count, digits(report[name]))
    },
  }
}

/**
 * @param {RushReport} report
 * @param {readonly Product[]} products
 */
function summary(report, products) {
  const addsUp = report.problems === 0 && products.every(({ status, units }) => unitsOf(status) === units)
  const verdict = addsUp ? 'Units add up: every piece is in exactly one place.' : 'Units do not add up. That is a bug: please report it.'
  return element(
    'div',
    { class: 'rush-summary', 'data-testid': 'rush-summary', 'data-adds-up': String(addsUp), role: 'status' },
    element('h3', {}, `${digits(report.users)} shoppers came`),
    element(
      'dl',
      { class: 'rush-counts' },
      ...atTheEnd.map(({ name, label }) => element('div', {}, element('dt', {}, label), element('dd', {}, digits(report[name])))),
    ),
    unitTable(products),
    element('p', { class: 'rush-verdict' }, verdict),
  )
}

/** @param {readonly Product[]} products */
function unitTable(products) {
  const heads = ['Piece', 'Free', 'In baskets', 'Being paid', 'Sold', 'Put in']
  return element(
    'table',
    {},
    element('thead', {}, element('tr', {}, ...heads.map((head) => element('th', { scope: 'col' }, head)))),
    element(
      'tbody',
      {},
      ...products.map(({ info, status, units }) =>
        element(
          'tr',
          {},
          element('th', { scope: 'row' }, info.title),
          ...[status.available, status.held, status.ordered, status.sold, units].map((count) => element('td', {}, digits(count))),
        ),
      ),
    ),
  )
}
