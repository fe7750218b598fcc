// @ts-check
/** @import { Figures, FunnelLayer } from '../board.ts' */
/** @import { Desk } from './app.js' */
/** @import { Moment } from './history.js' */
import { element, setText } from '../../../gateway/page/element.js'
import { table } from './tables.js'
import { digits, durationText, rateText } from './words.js'

/** What a layer is, and whom it asks. Layers that this page does not know yet are told by their own names.
 * @type {Readonly<Record<string, readonly [string, string]>>}
 */
const layerWords = {
  bans: ['Bans', 'users and addresses that are kept out'],
  addressHandshakes: ['Handshakes of an address', 'new connections from one address'],
  handshakes: ['Handshakes', 'new connections of all together'],
  addressConnections: ['Connections of an address', 'open ones at a time'],
  connections: ['Connections', 'open ones of all together'],
  frames: ['Frames', 'how often a connection may send'],
  inFlight: ['Calls under way', 'of one connection'],
  address: ['Rate of an address', 'calls from one address'],
  user: ['Rate of a user', 'calls of one user'],
  stockView: ['Stock view', 'not open yet, or sold out for good'],
  challenge: ['Proof of work', 'while a SKU is hot'],
  breaker: ['Circuit breaker', 'a shard that does not answer'],
  overload: ['Overload', 'a shard that answers too slowly'],
  newcomers: ['Newcomers', 'the rate for all gateways together'],
  pending: ['Waiting for shards', 'calls that wait for an answer'],
}

/** Where each layer stands; one that is not named here is told last. */
const groups = [
  ['Who connects', ['bans', 'addressHandshakes', 'handshakes', 'addressConnections', 'connections']],
  ['Who calls', ['frames', 'inFlight', 'address', 'user']],
  ['Who buys', ['stockView', 'challenge', 'breaker', 'overload', 'newcomers', 'pending']],
]

/** How many get through each layer of this process, and why others do not. */
export class FunnelPage {
  title = 'Funnel'
  root
  #desk
  #of = element('p', { class: 'soft', 'data-testid': 'funnel-of' })
  #groups = [...groups, ['Others', []]].map(([name = '', layers = []]) => new LayerGroup(String(name), layers))
  #answers = element('tbody')
  /** @type {Map<string, LayerRow>} */
  #rows = new Map()
  /** @type {Map<string, { readonly row: HTMLElement, readonly cells: readonly HTMLElement[] }>} */
  #answerRows = new Map()

  /** @param {Desk} desk */
  constructor(desk) {
    this.#desk = desk
    this.root = element(
      'div',
      { class: 'page' },
      element('h1', {}, 'Funnel'),
      this.#of,
      table(
        'Layers, from the outside in',
        ['Layer', 'Let through', 'Let through/s', 'Refused/s', 'Let through', 'Refused', 'With'],
        ...this.#groups.map(({ root }) => root),
      ),
      element('h2', {}, 'Answers'),
      table('Answers by method and code', ['Method', 'Code', 'Per second', 'In all'], this.#answers),
    )
  }

  update() {
    const { board, history } = this.#desk.live
    if (board === undefined) return
    const { figures, process, now } = board
    const since = durationText(now - process.startedAt)
    const whose = process.isAlone
      ? 'This process is the only one: this is all that came.'
      : `Only what came to this process (${process.role} ${process.node}): other gateways count for themselves, and Grafana’s dashboard “funnel” adds them up.`
    setText(this.#of, `${whose} Not every call comes to every layer. Counted for ${since}; rates are those of the last five seconds.`)
    for (const layer of figures.funnel) {
      const rate = (/** @type {(layer: FunnelLayer) => number} */ count) => history.rate((moment) => countIn(moment, layer.layer, count))
      this.#rowOf(layer.layer).update(
        layer,
        rate(({ passed }) => passed),
        rate(refusedBy),
      )
    }
    this.#tellAnswers(figures)
  }

  /** @param {Figures} figures */
  #tellAnswers({ calls }) {
    const { history } = this.#desk.live
    for (const { method, code, count } of calls) {
      const rate = history.rate(({ figures }) => figures.calls.find((one) => one.method === method && one.code === code)?.count ?? 0)
      const { cells } = this.#answerRow(method, code)
      for (const [i, text] of [rateText(rate), digits(count)].entries()) {
        const cell = cells[i]
        if (cell !== undefined) setText(cell, text)
      }
    }
  }

  /**
   * @param {string} method
   * @param {string} code
   */
  #answerRow(method, code) {
    const key = `${method} ${code}`
    const known = this.#answerRows.get(key)
    if (known !== undefined) return known
    const cells = [element('td', { class: 'number' }), element('td', { class: 'number' })]
    const row = element(
      'tr',
      {},
      element('th', { scope: 'row' }, element('code', {}, method)),
      element('td', {}, code === 'OK' ? 'result' : code),
      ...cells,
    )
    const made = { row, cells }
    this.#answerRows.set(key, made)
    // In the order of the alphabet, whenever it came.
    const after = [...this.#answerRows.keys()].toSorted().find((one) => one > key)
    this.#answers.insertBefore(row, after === undefined ? null : (this.#answerRows.get(after)?.row ?? null))
    return made
  }

  /** @param {string} layer */
  #rowOf(layer) {
    const known = this.#rows.get(layer)
    if (known !== undefined) return known
    const row = new LayerRow(layer)
    this.#rows.set(layer, row)
    const group = this.#groups.find(({ layers }) => layers.includes(layer)) ?? this.#groups.at(-1)
    group?.add(row)
    return row
  }
}

class LayerGroup {
  layers
  root

  /**
   * @param {string} name
   * @param {string | readonly string[]} layers
   */
  constructor(name, layers) {
    this.layers = layers
    const heading = element('tr', {}, element('th', { scope: 'rowgroup', colspan: '7', class: 'group' }, name))
    this.root = element('tbody', { hidden: true }, heading)
  }

  /** @param {LayerRow} row */
  add(row) {
    this.root.append(row.root)
    this.root.hidden = false
  }
}

class LayerRow {
  root
  #bar = element('div', { class: 'layer-bar', 'aria-hidden': 'true' }, element('span'))
  #cells = Array.from({ length: 5 }, () => element('td', { class: 'number' }))

  /** @param {string} layer */
  constructor(layer) {
    const [name, note] = layerWords[layer] ?? [layer, '']
    const head = element('th', { scope: 'row' }, name, element('span', { class: 'soft' }, note))
    this.#cells[4] = element('td')
    this.root = element('tr', { 'data-testid': `layer-${layer}` }, head, element('td', { class: 'bar' }, this.#bar), ...this.#cells)
  }

  /**
   * @param {FunnelLayer} layer
   * @param {number | undefined} passedRate
   * @param {number | undefined} refusedRate
   */
  update(layer, passedRate, refusedRate) {
    const refused = refusedBy(layer)
    const all = layer.passed + refused
    const codes = Object.entries(layer.refused).filter(([, count]) => count > 0)
    const texts = [
      rateText(passedRate),
      rateText(refusedRate),
      digits(layer.passed),
      digits(refused),
      codes.map(([code, count]) => `${code} ${digits(count)}`).join(', '),
    ]
    texts.forEach((text, i) => {
      const cell = this.#cells[i]
      if (cell !== undefined) setText(cell, text)
    })
    this.#bar.dataset['idle'] = String(all === 0)
    this.#bar.style.setProperty('--passed', all === 0 ? '0' : (layer.passed / all).toFixed(4))
    this.root.dataset['refused'] = String(refused)
  }
}

/** @param {FunnelLayer} layer */
function refusedBy({ refused }) {
  return Object.values(refused).reduce((sum, count) => sum + count, 0)
}

/**
 * @param {Moment} moment
 * @param {string} name
 * @param {(layer: FunnelLayer) => number} count
 */
function countIn({ figures }, name, count) {
  const layer = figures.funnel.find((one) => one.layer === name)
  return layer === undefined ? 0 : count(layer)
}
