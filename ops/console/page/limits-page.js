// @ts-check
/** @import { Limit } from '../answers.ts' */
/** @import { Desk } from './app.js' */
import { element, pressButton, setText } from '../../../gateway/page/element.js'
import { confirmed, messageOf } from './dialogs.js'
import { table } from './tables.js'
import { digits } from './words.js'

/** Limits that can be set while all gateways run. */
export class LimitsPage {
  title = 'Limits'
  root
  #desk
  #rows = element('tbody')
  #notice = element('p', { class: 'notice', role: 'alert' })

  /** @param {Desk} desk */
  constructor(desk) {
    this.#desk = desk
    const note =
      'What is set here counts on all gateways, also after a restart, until it is taken back. What a gateway was started with is told of the one that serves this page.'
    this.root = element(
      'div',
      { class: 'page' },
      element('h1', {}, 'Limits'),
      element('p', { class: 'soft' }, note),
      this.#notice,
      table('Limits', ['Limit', 'Counts now', 'Started with', 'Unit', 'May be', ''], this.#rows),
    )
  }

  show() {
    void this.#load()
  }

  async #load() {
    try {
      const { limits } = await this.#desk.api.call('limits.get')
      setText(this.#notice, '')
      this.#rows.replaceChildren(...limits.map((limit) => this.#row(limit)))
    } catch (error) {
      setText(this.#notice, messageOf(error))
    }
  }

  /** @param {Limit} limit */
  #row(limit) {
    const { name, value, configured, set, unit, allowed } = limit
    const change = pressButton(
      { class: 'button quiet small', 'data-testid': `set-${name}`, 'aria-label': `Set ${name}` },
      'Set…',
      () => void this.#set(limit),
    )
    const back = pressButton(
      { class: 'button quiet small', 'aria-label': `Take ${name} back`, hidden: set === null },
      'Take back…',
      () => void this.#takeBack(limit),
    )
    return element(
      'tr',
      { 'data-testid': `limit-${name}`, 'data-value': String(value) },
      element('th', { scope: 'row' }, element('code', {}, name), set === null ? '' : element('span', { class: 'soft' }, 'set')),
      element('td', { class: 'number' }, digits(value)),
      element('td', { class: 'number' }, digits(configured)),
      element('td', {}, unit),
      element('td', {}, allowed),
      element('td', { class: 'do' }, element('div', { class: 'buttons end' }, back, change)),
    )
  }

  /** @param {Limit} limit */
  async #set({ name, value, unit }) {
    const input = element('input', {
      type: 'number',
      name: 'value',
      step: '1',
      value: String(value),
      required: true,
      'data-testid': 'limit-value',
    })
    const isDone = await confirmed({
      title: `Set ${name}`,
      effects: [
        `It is ${digits(value)} ${unit} now.`,
        'All gateways go by the new value within moments, and after a restart.',
        'Connections that are there stay; of a rate everybody’s count begins anew.',
      ],
      fields: [element('label', {}, `New value, ${unit}`, input)],
      action: 'Set it',
      run: async () => {
        await this.#desk.api.call('limits.set', name, input.valueAsNumber)
      },
    })
    if (!isDone) return
    this.#desk.notices.done(`${name} is ${digits(input.valueAsNumber)} now.`)
    await this.#load()
  }

  /** @param {Limit} limit */
  async #takeBack({ name, configured, unit }) {
    const isDone = await confirmed({
      title: `Take ${name} back`,
      effects: ['Each gateway goes again by what it was started with.', `Of this one that is ${digits(configured)} ${unit}.`],
      action: 'Take it back',
      run: async () => {
        await this.#desk.api.call('limits.set', name, null)
      },
    })
    if (isDone) await this.#load()
  }
}
