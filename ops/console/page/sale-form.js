// @ts-check
/** @import { Field } from './fields.js' */
import { element, pressButton } from '../../../gateway/page/element.js'
import { fieldOf, given, inputIn, markProblems, numberOf, textIn, timeOf } from './fields.js'
import { minorPerUnit } from './words.js'

/** @type {readonly Field[]} */
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
  { label: 'Closes at', name: 'closesAt', type: 'datetime-local', hint: 'empty: when you close it' },
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
    this.#head.replaceChildren(...saleFields.map((field) => fieldOf(field)))
    this.#skus.replaceChildren()
    this.#add(false)
  }

  /** The sale file, right or wrong. */
  read() {
    const text = (/** @type {string} */ name) => textIn(this.root, name)
    return {
      ...given('sale', text('sale')),
      ...given('title', text('title')),
      ...given('opensAt', timeOf(text('opensAt'))),
      ...given('closesAt', timeOf(text('closesAt'))),
      ...given('saleLimitPerUser', numberOf(text('saleLimitPerUser'))),
      ...given('absenceMs', numberOf(text('absenceMs'), 60_000)),
      skus: [...this.#skus.children].map((_, i) => this.#readSku(`skus[${i}].`)),
    }
  }

  /** @param {readonly string[]} problems */
  mark(problems) {
    markProblems(this.root, problems)
  }

  /** @param {string} prefix */
  #readSku(prefix) {
    const text = (/** @type {string} */ name) => textIn(this.root, `${prefix}${name}`)
    const isDrawn = inputIn(this.root, `${prefix}draw`)?.checked === true
    return {
      ...given('sku', text('sku')),
      ...given('title', text('title')),
      ...given('priceMinor', numberOf(text('priceMinor'), minorPerUnit(text('currency')))),
      ...given('currency', text('currency')),
      ...given('stock', numberOf(text('stock'))),
      ...given('perUserMax', numberOf(text('perUserMax'))),
      ...given('holdTtlMs', numberOf(text('holdTtlMs'), 1_000)),
      ...given('paymentTtlMs', numberOf(text('paymentTtlMs'), 1_000)),
      ...given('grantsPerSecond', numberOf(text('grantsPerSecond'))),
      ...(isDrawn ? { draw: {} } : {}),
    }
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
    const fields = element('div', { class: 'fields' }, ...skuFields.map((field) => fieldOf(field)))
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
