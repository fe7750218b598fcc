// @ts-check
/** @import { AuditEntry } from '../../../protocol/audit.ts' */
/** @import { Plain } from '../../../protocol/msgpack-writer.ts' */
/** @import { Desk } from './app.js' */
import { element, pressButton, setText } from '../../../gateway/page/element.js'
import { messageOf } from './dialogs.js'
import { table } from './tables.js'
import { timeText } from './words.js'

const pageSize = 50

/** What operators did, newest first: who, when, what, and what was so before and after. */
export class AuditPage {
  title = 'Audit'
  root
  #desk
  #rows = element('tbody')
  #notice = element('p', { class: 'notice', role: 'alert' })
  #older
  #empty = element('p', { class: 'soft', role: 'status' })
  /** @type {number | null} */
  #next = null

  /** @param {Desk} desk */
  constructor(desk) {
    this.#desk = desk
    this.#older = pressButton(
      { class: 'button quiet small', 'data-testid': 'older', hidden: true },
      'Older ones',
      () => void this.#load(this.#next),
    )
    const note =
      'Every change by an operator, on whatever way it came. An entry is written before the deed is begun. Users stand here by their pseudonyms; keys are told by their names.'
    this.root = element(
      'div',
      { class: 'page' },
      element('h1', {}, 'Audit'),
      element('p', { class: 'soft' }, note),
      this.#notice,
      this.#empty,
      table('What operators did', ['When', 'Who', 'Method', 'What', 'Outcome', 'Was', 'Is'], this.#rows),
      element('div', {}, this.#older),
    )
  }

  show() {
    void this.#load(null)
  }

  /** @param {number | null} after the place behind which it goes on; null for the newest */
  async #load(after) {
    try {
      const { entries, next } = await this.#desk.api.call('audit.list', after, pageSize)
      setText(this.#notice, '')
      const rows = entries.map(rowOf)
      if (after === null) this.#rows.replaceChildren(...rows)
      else this.#rows.append(...rows)
      setText(this.#empty, this.#rows.children.length === 0 ? 'Nothing yet.' : '')
      this.#next = next
      const hadFocus = document.activeElement === this.#older
      this.#older.hidden = next === null
      if (hadFocus && next === null) this.root.querySelector('h1')?.focus()
    } catch (error) {
      setText(this.#notice, messageOf(error))
    }
  }
}

/** @param {AuditEntry} entry */
function rowOf({ at, who, address, method, params, outcome, message, before, after }) {
  const cells = [
    element('td', {}, timeText(at)),
    element('td', {}, who, element('span', { class: 'soft below' }, address)),
    element('td', {}, element('code', {}, method)),
    element('td', {}, ...plainParts(params)),
    element(
      'td',
      { class: outcome === 'done' ? '' : 'notice' },
      outcome,
      message === null ? '' : element('span', { class: 'below' }, message),
    ),
    element('td', {}, ...plainParts(before)),
    element('td', {}, ...plainParts(after)),
  ]
  return element('tr', { 'data-testid': 'audit-entry', 'data-method': method, 'data-outcome': outcome }, ...cells)
}

/**
 * What an entry keeps, a line for each thing that it names.
 * @param {Plain} value
 * @returns {readonly (Node | string)[]}
 */
function plainParts(value) {
  if (value === null) return []
  if (typeof value !== 'object') return [String(value)]
  const lines = Object.entries(value).map(([name, part]) =>
    element('span', { class: 'audit-line' }, element('b', {}, name), ` ${typeof part === 'string' ? part : JSON.stringify(part)}`),
  )
  return [element('span', { class: 'audit-value' }, ...lines)]
}
