// @ts-check
import { element, pressButton } from '../../../gateway/page/element.js'
import { minorPerUnit } from './words.js'

/** @typedef {{ label: string, name: string, type?: string, value?: string, hint?: string, attributes?: Record<string, string | boolean> }} Field */

/** The fields of a SKU. Their names are the places that the server names when something is wrong with them.
 * @type {readonly Field[]}
 */
const skuFields = [
  { label: 'SKU', name: 'sku', attributes: { maxlength: '48', spellcheck: 'false' } },
  { label: 'Title', name: 'title', attributes: { maxlength: '120' } },
  { label: 'Price', name: 'priceMinor', attributes: { inputmode: 'decimal', placeholder: '49.00' } },
  { label: 'Currency', name: 'currency', value: 'EUR', attributes: { maxlength: '3', size: '3' } },
  { label: 'Units', name: 'stock', type: 'number', attributes: { min: '0' } },
  { label: 'Per user', name: 'perUserMax', type: 'number', value: '1', attributes: { min: '1' } },
  { label: 'Hold, seconds', name: 'holdTtlMs', type: 'number', value: '120', attributes: { min: '1' } },
  { label: 'Payment, seconds', name: 'paymentTtlMs', type: 'number', value: '600', attributes: { min: '1' } },
  { label: 'Holds per second', name: 'grantsPerSecond', type: 'number', hint: 'empty: no limit', attributes: { min: '0' } },
]

/** @type {readonly Field[]} */
const saleFields = [
  { label: 'Name', name: 'sale', hint: 'letters, digits, dots, dashes, underscores', attributes: { maxlength: '48', spellcheck: 'false' } },
  { label: 'Title', name: 'title', attributes: { maxlength: '120' } },
  { label: 'Opens at', name: 'opensAt', type: 'datetime-local', hint: 'in the time of this machine' },
  { label: 'Per user, all together', name: 'saleLimitPerUser', type: 'number', hint: 'empty: no limit', attributes: { min: '1' } },
  {
    label: 'Keep places, minutes',
    name: 'absenceMs',
    type: 'number',
    value: '5',
    hint: 'of who is away; 0: for ever',
    attributes: { min: '0' },
  },
]

/** A sale as a form. It makes what the server takes, also where that is wrong: what is wrong with it the server says. */
export class SaleForm {
  root
  #skus = element('div', { class: 'form-skus' })
  #head = element('div', { class: 'fields' })

  constructor() {
    const add = pressButton({ class: 'button quiet small', 'data-testid': 'add-sku' }, 'Add a SKU', () => this.#add(true))
    this.root = element('div', { class: 'sale-form' }, this.#head, this.#skus, add)
    this.clear()
  }

  clear() {
    this.#head.replaceChildren(...saleFields.map((field) => fieldOf(field, '')))
    this.#skus.replaceChildren()
    this.#add(false)
  }

  /** The sale file: fields that are empty are left out, so that the server's own defaults and complaints apply. */
  read() {
    const text = (/** @type {string} */ name) => this.#input(name)?.value.trim() ?? ''
    const opensAt = text('opensAt')
    const absence = numberOf(text('absenceMs'))
    return {
      ...given('sale', text('sale')),
      ...given('title', text('title')),
      ...(opensAt === '' ? {} : { opensAt: new Date(opensAt).getTime() }),
      ...given('saleLimitPerUser', numberOf(text('saleLimitPerUser'))),
      ...given('absenceMs', typeof absence === 'number' ? absence * 60_000 : absence),
      skus: [...this.#skus.children].map((_, i) => this.#readSku(`skus[${i}].`, text)),
    }
  }

  /** @param {readonly string[]} problems */
  mark(problems) {
    for (const input of this.root.querySelectorAll('input')) {
      const problem = problems.find((one) => one.startsWith(`${input.name}:`))
      const note = input.parentElement?.querySelector('.field-problem')
      if (note instanceof HTMLElement) note.textContent = problem === undefined ? '' : problem.slice(input.name.length + 2)
      if (problem === undefined) input.removeAttribute('aria-invalid')
      else input.setAttribute('aria-invalid', 'true')
    }
    const first = this.root.querySelector('[aria-invalid]')
    if (first instanceof HTMLElement && !this.root.hidden) first.focus()
  }

  /**
   * @param {string} prefix
   * @param {(name: string) => string} text
   */
  #readSku(prefix, text) {
    const currency = text(`${prefix}currency`)
    const amount = numberOf(text(`${prefix}priceMinor`).replace(',', '.'))
    const seconds = (/** @type {string} */ name) => {
      const value = numberOf(text(`${prefix}${name}`))
      return typeof value === 'number' ? value * 1000 : value
    }
    const isDrawn = this.#input(`${prefix}draw`)?.checked === true
    return {
      ...given('sku', text(`${prefix}sku`)),
      ...given('title', text(`${prefix}title`)),
      // Rounded, for 19.99 x 100 is not 1999 in floating point.
      ...given('priceMinor', typeof amount === 'number' ? Math.round(amount * minorPerUnit(currency)) : amount),
      ...given('currency', currency),
      ...given('stock', numberOf(text(`${prefix}stock`))),
      ...given('perUserMax', numberOf(text(`${prefix}perUserMax`))),
      ...given('holdTtlMs', seconds('holdTtlMs')),
      ...given('paymentTtlMs', seconds('paymentTtlMs')),
      ...given('grantsPerSecond', numberOf(text(`${prefix}grantsPerSecond`))),
      ...(isDrawn ? { draw: {} } : {}),
    }
  }

  /** @param {string} name */
  #input(name) {
    const found = this.root.querySelector(`input[name="${name}"]`)
    return found instanceof HTMLInputElement ? found : undefined
  }

  /** @param {boolean} isAsked the focus goes to it */
  #add(isAsked) {
    const draw = element(
      'label',
      { class: 'check' },
      element('input', { type: 'checkbox', name: 'draw' }),
      'Draw the order of those who come before the opening',
    )
    const remove = pressButton({ class: 'button quiet small' }, 'Remove', () => {
      item.remove()
      this.#number()
      const last = this.#skus.lastElementChild?.querySelector('input')
      if (last instanceof HTMLElement) last.focus()
    })
    const fields = element('div', { class: 'fields' }, ...skuFields.map((field) => fieldOf(field, '')))
    const item = element(
      'fieldset',
      { class: 'form-sku' },
      element('legend', {}, 'SKU'),
      fields,
      element('div', { class: 'row' }, draw, remove),
    )
    this.#skus.append(item)
    this.#number()
    if (isAsked) item.querySelector('input')?.focus()
  }

  /** Names and legends follow the order. */
  #number() {
    ;[...this.#skus.children].forEach((item, i) => {
      for (const input of item.querySelectorAll('input')) {
        const name = input.dataset['name'] ?? input.name.replace(/^.*\./, '')
        input.dataset['name'] = name
        input.name = `skus[${i}].${name}`
      }
      const legend = item.querySelector('legend')
      if (legend !== null) legend.textContent = this.#skus.children.length === 1 ? 'What is sold' : `SKU ${i + 1}`
      const remove = item.querySelector('.row .button')
      if (remove instanceof HTMLElement) remove.hidden = this.#skus.children.length === 1
    })
  }
}

/**
 * @param {Field} field
 * @param {string} prefix
 */
function fieldOf({ label, name, type = 'text', value = '', hint = '', attributes = {} }, prefix) {
  const input = element('input', { type, name: `${prefix}${name}`, value, autocomplete: 'off', ...attributes })
  const note = hint === '' ? '' : element('span', { class: 'hint' }, hint)
  return element('label', {}, element('span', {}, label), input, note, element('span', { class: 'field-problem' }))
}

/**
 * @param {string} name
 * @param {string | number | undefined} value
 */
function given(name, value) {
  return value === undefined || value === '' ? {} : { [name]: value }
}

/**
 * Undefined if nothing is written; the text itself if it is no number, for the server to complain of.
 * @param {string} text
 */
function numberOf(text) {
  if (text === '') return undefined
  const value = Number(text)
  return Number.isFinite(value) ? value : text
}
