// @ts-check
/** @import { NodeReport } from '../../../protocol/node-report.ts' */
/** @import { ClusterStatus } from '../answers.ts' */
/** @import { Desk } from './app.js' */
import { element, pressButton, setText } from '../../../gateway/page/element.js'
import { confirmed, messageOf } from './dialogs.js'
import { table } from './tables.js'
import { counted, digits } from './words.js'

const lookMs = 3_000
const kinds = [
  ['inv', 'Shards of SKUs'],
  ['ses', 'Shards of users'],
]

/** All processes, and for every shard who owns it. */
export class ClusterPage {
  title = 'Cluster'
  root
  #desk
  #summary = element('p', { class: 'soft', role: 'status', 'data-testid': 'cluster-summary' })
  #nodes = element('tbody')
  #map = element('div', { class: 'shard-maps' })
  #text = ''
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer
  #isShown = false

  /** @param {Desk} desk */
  constructor(desk) {
    this.#desk = desk
    this.root = element(
      'div',
      { class: 'page' },
      element('h1', {}, 'Cluster'),
      this.#summary,
      table('Processes', ['', 'Process', 'Role', 'State', 'Shards', 'Journal to read', ''], this.#nodes),
      this.#map,
    )
  }

  show() {
    this.#isShown = true
    clearTimeout(this.#timer)
    void this.#look()
  }

  hide() {
    this.#isShown = false
    clearTimeout(this.#timer)
  }

  async #look() {
    try {
      this.#tell(await this.#desk.api.call('cluster.status'))
    } catch (error) {
      setText(this.#summary, messageOf(error))
    }
    clearTimeout(this.#timer)
    if (this.#isShown) this.#timer = setTimeout(() => void this.#look(), lookMs)
  }

  /** @param {ClusterStatus} status */
  #tell(status) {
    const { nodes, unowned } = status
    const owned = nodes.reduce((sum, { shards }) => sum + shards.length, 0)
    const missing = unowned.length === 0 ? 'Every shard has an owner.' : `${counted(unowned.length, 'shard')} without an owner.`
    setText(
      this.#summary,
      `${nodes.length === 1 ? '1 process answers' : `${digits(nodes.length)} processes answer`}, ${counted(owned, 'shard')} owned. ${missing}`,
    )
    // Built anew only when it differs: positions move on with every record, and are not shown.
    const text = JSON.stringify([
      nodes.map(({ name, role, state, shards }) => [name, role, state, shards.map((one) => [one.name, one.epoch])]),
      unowned,
    ])
    const letters = lettersOf(nodes)
    if (text !== this.#text) {
      this.#text = text
      this.#nodes.replaceChildren(...nodes.map((node) => this.#row(node, letters.get(node.name) ?? '')))
      this.#map.replaceChildren(...kinds.map(([kind = '', title = '']) => shardMap(kind, title, status, letters)))
    }
    for (const node of nodes) {
      const cell = this.#nodes.querySelector(`[data-lag="${node.name}"]`)
      if (cell !== null) setText(cell, lagText(node))
    }
  }

  /**
   * @param {NodeReport} node
   * @param {string} letter
   */
  #row(node, letter) {
    const { name, role, state, shards } = node
    const isThis = name === this.#desk.live.board?.process.node
    const drain = pressButton(
      { class: 'button quiet small', 'data-testid': `drain-${name}`, 'aria-label': `Drain ${name}` },
      'Drain',
      () => void this.#drain(node, isThis),
    )
    return element(
      'tr',
      { 'data-testid': `node-${name}` },
      element('td', {}, letter === '' ? '' : element('span', { class: `owner owner-${letter}` }, letter)),
      element('th', { scope: 'row' }, element('code', {}, name), isThis ? element('span', { class: 'soft' }, 'you are here') : ''),
      element('td', {}, role),
      element('td', {}, state),
      element('td', { class: 'number' }, digits(shards.length)),
      element('td', { class: 'number', 'data-lag': name }, lagText(node)),
      element('td', { class: 'do' }, drain),
    )
  }

  /**
   * @param {NodeReport} node
   * @param {boolean} isThis
   */
  async #drain({ name, role, shards }, isThis) {
    const isDone = await confirmed({
      title: `Drain ${name}`,
      effects: [
        'The process ends in order and does not come back by itself.',
        ...(shards.length > 0 ? [`Its ${counted(shards.length, 'shard')} go to other processes, each with a pause of a moment.`] : []),
        ...(role === 'gateway' || role === 'all' ? ['Its clients are asked to connect elsewhere, spread over its drain time.'] : []),
        ...(role === 'orders' || role === 'all' ? ['Payments under way end, or go back to the queue.'] : []),
        ...(isThis ? ['This console is served by it: you will have to sign in at another gateway.'] : []),
      ],
      action: 'Drain it',
      grave: true,
      run: async () => {
        await this.#desk.api.call('cluster.drain', name)
      },
    })
    if (isDone) this.#desk.notices.done(`Process ${name} is ending.`)
  }
}

/**
 * Owners of shards get letters, which tell them apart without colours.
 * @param {readonly NodeReport[]} nodes
 * @returns {ReadonlyMap<string, string>}
 */
function lettersOf(nodes) {
  const owners = nodes.filter(({ shards }) => shards.length > 0)
  return new Map(owners.map(({ name }, i) => [name, letterAt(i)]))
}

const letters = 'abcdefghijklmnopqrstuvwxyz'

/** @param {number} i */
function letterAt(i) {
  return i < letters.length ? letters.charAt(i).toUpperCase() : String(i)
}

/**
 * @param {string} kind
 * @param {string} title
 * @param {ClusterStatus} status
 * @param {ReadonlyMap<string, string>} names
 */
function shardMap(kind, title, { nodes, unowned }, names) {
  /** @type {(readonly [number, HTMLElement])[]} */
  const cells = []
  for (const node of nodes) {
    const letter = names.get(node.name) ?? ''
    for (const { name, epoch } of node.shards) {
      if (!name.startsWith(`${kind}.`)) continue
      const number = Number(name.slice(kind.length + 1))
      const said = `${name}: process ${node.name} (${letter}), epoch ${epoch}`
      cells.push([
        number,
        element('li', { class: `owner owner-${letter}`, title: said }, element('span', { class: 'unseen' }, said), shownLetter(letter)),
      ])
    }
  }
  for (const name of unowned) {
    if (!name.startsWith(`${kind}.`)) continue
    const said = `${name}: no owner`
    cells.push([
      Number(name.slice(kind.length + 1)),
      element('li', { class: 'owner none', title: said }, element('span', { class: 'unseen' }, said), shownLetter('?')),
    ])
  }
  cells.sort(([a], [b]) => a - b)
  const list = element('ol', { start: '0', class: 'shards' }, ...cells.map(([, cell]) => cell))
  return element(
    'section',
    {},
    element('h2', {}, title),
    element('p', { class: 'soft' }, `${kind}.0 to ${kind}.${Math.max(0, cells.length - 1)}; what owns each, and under the mouse its epoch`),
    list,
  )
}

/** @param {string} letter */
function shownLetter(letter) {
  return element('span', { 'aria-hidden': 'true' }, letter)
}

/** @param {NodeReport} node */
function lagText({ shards }) {
  if (shards.length === 0) return '–'
  const bytes = shards.reduce((sum, { lagBytes }) => sum + lagBytes, 0)
  return bytes < 100_000 ? `${digits(Math.round(bytes / 1000))} kB` : `${digits(Math.round(bytes / 100_000) / 10)} MB`
}
