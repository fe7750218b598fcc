// @ts-check
/** @import { SettingChange, SettingValue } from '../../../protocol/results.ts' */
/** @import { SkuSettings } from '../../../protocol/sku-settings.ts' */
/** @import { Desk } from './app.js' */
/** @import { Field } from './fields.js' */
import { element, setText } from '../../../gateway/page/element.js'
import { ApiError, newRequestId } from './api.js'
import { confirmed, messageOf } from './dialogs.js'
import { fieldOf, localTime, markProblems, numberOf, tellProblems, timeOf } from './fields.js'
import { table } from './tables.js'
import { digits, durationText, minorPerUnit, price, timeText } from './words.js'

/**
 * Changes settings of a sale, while it runs too. What the change would do to whom the server says, in a preview that changes nothing; open holds and orders keep
 * what they were promised.
 */
export class EditPage {
  title = 'Edit'
  root
  #desk
  #sale = ''
  #heading = element('h1')
  #back = element('a')
  #fields = element('div', { class: 'sale-form' })
  #problems = element('div', { class: 'problems', role: 'alert', 'data-testid': 'problems' })
  #form
  /** @type {readonly SkuSettings[]} */
  #skus = []
  /** What the fields said when they were filled in: only what differs is changed. */
  #before = new Map()

  /** @param {Desk} desk */
  constructor(desk) {
    this.#desk = desk
    const go = element('button', { type: 'submit', class: 'button', 'data-testid': 'preview-change' }, 'Look what it would do…')
    this.#form = element(
      'form',
      { class: 'new-sale', novalidate: true },
      this.#fields,
      this.#problems,
      element('div', { class: 'buttons' }, go),
    )
    this.#form.addEventListener('submit', (event) => {
      event.preventDefault()
      void this.#change()
    })
    const note =
      'Open holds and orders keep the price and the time that they were promised. Units are added by Restock; they, the currency and a draw cannot be changed here.'
    this.root = element(
      'div',
      { class: 'page narrow' },
      element('p', { class: 'back' }, this.#back),
      this.#heading,
      element('p', { class: 'soft' }, note),
      this.#form,
    )
  }

  /** @param {readonly string[]} rest */
  show([sale = '']) {
    this.#sale = sale
    this.title = `Edit ${sale}`
    setText(this.#heading, `Edit ${sale}`)
    this.#back.href = `#/sales/${encodeURIComponent(sale)}`
    setText(this.#back, `← ${sale}`)
    this.#fields.replaceChildren()
    this.#problems.replaceChildren()
    this.#form.hidden = true
    void this.#load()
  }

  async #load() {
    try {
      const { settings } = await this.#desk.api.get('sale', { sale: this.#sale })
      this.#skus = settings
      this.#fill()
      this.#form.hidden = false
    } catch (error) {
      this.#form.hidden = false
      tellProblems(this.#problems, [messageOf(error)])
    }
  }

  #fill() {
    const [first] = this.#skus
    if (first === undefined) return
    const skus = this.#skus.map((settings, i) =>
      element(
        'fieldset',
        { class: 'form-sku' },
        element('legend', {}, settings.title),
        element('div', { class: 'fields' }, ...skuFields(settings).map((field) => fieldOf(field, `skus[${i}].`))),
      ),
    )
    this.#fields.replaceChildren(element('div', { class: 'fields' }, ...saleFields(first).map((field) => fieldOf(field))), ...skus)
    this.#before = new Map([...this.#fields.querySelectorAll('input')].map(({ name, value }) => [name, value]))
  }

  async #change() {
    const { api, live, notices } = this.#desk
    const change = this.#read()
    try {
      const { changes } = await api.call('sale.update', change, true)
      this.#tell([])
      if (changes.length === 0) return this.#tell(['Nothing differs from how it is.'])
      const requestId = newRequestId()
      const isDone = await confirmed({
        title: `Change ${this.#sale}`,
        effects: [],
        fields: [changesTable(changes, this.#skus)],
        action: 'Change the sale',
        run: async () => {
          await api.call('sale.update', change, false, requestId)
          await live.now()
        },
      })
      if (!isDone) return
      notices.done(`Sale ${this.#sale} is changed.`)
      location.hash = `#/sales/${encodeURIComponent(this.#sale)}`
    } catch (error) {
      this.#tell(error instanceof ApiError && error.code === 'MALFORMED' ? error.message.split('; ') : [messageOf(error)])
    }
  }

  /** The change. All SKUs are in it, so that places in complaints are those of the fields. */
  #read() {
    /** @type {Record<string, unknown>} */
    const ofSale = {}
    /** @type {Record<string, unknown>[]} */
    const skus = this.#skus.map(({ sku }) => ({ sku }))
    for (const { name, value } of this.#fields.querySelectorAll('input')) {
      if (this.#before.get(name) === value) continue
      const [, index = '', setting = ''] = /^skus\[(\d+)\]\.(\w+)$/.exec(name) ?? []
      const { currency = 'EUR' } = this.#skus[Number(index)] ?? {}
      if (setting === '') ofSale[name] = sent(name, value.trim(), currency)
      else Object.assign(skus[Number(index)] ?? {}, { [setting]: sent(setting, value.trim(), currency) })
    }
    return { sale: this.#sale, ...ofSale, skus }
  }

  /** @param {readonly string[]} problems */
  #tell(problems) {
    markProblems(this.#fields, problems)
    tellProblems(this.#problems, problems)
  }
}

/**
 * @param {SkuSettings} settings
 * @returns {readonly Field[]}
 */
function saleFields({ saleTitle, opensAt, closesAt }) {
  return [
    { label: 'Title', name: 'title', value: saleTitle, attributes: { maxlength: '120' } },
    { label: 'Opens at', name: 'opensAt', type: 'datetime-local', value: localTime(opensAt), hint: 'until it has opened' },
    {
      label: 'Closes at',
      name: 'closesAt',
      type: 'datetime-local',
      value: closesAt === undefined ? '' : localTime(closesAt),
      hint: 'empty: when you close it',
    },
  ]
}

/**
 * @param {SkuSettings} settings
 * @returns {readonly Field[]}
 */
function skuFields({ title, priceMinor, currency, perUserMax, holdTtlMs, paymentTtlMs, grantsPerSecond, lineMax }) {
  const number = { type: 'number', attributes: { min: '0' } }
  return [
    { label: 'Title', name: 'title', value: title, attributes: { maxlength: '120' } },
    {
      label: `Price in ${currency}`,
      name: 'priceMinor',
      value: String(priceMinor / minorPerUnit(currency)),
      attributes: { inputmode: 'decimal' },
    },
    { label: 'Per user', name: 'perUserMax', value: String(perUserMax), ...number },
    { label: 'Hold, seconds', name: 'holdTtlMs', value: String(holdTtlMs / 1000), ...number },
    { label: 'Payment, seconds', name: 'paymentTtlMs', value: String(paymentTtlMs / 1000), ...number },
    { label: 'Holds per second', name: 'grantsPerSecond', value: String(grantsPerSecond), hint: '0: no limit', ...number },
    { label: 'Places in line', name: 'lineMax', value: String(lineMax), ...number },
  ]
}

/**
 * From what people write to what a change says.
 * @param {string} setting
 * @param {string} text
 * @param {string} currency
 */
function sent(setting, text, currency) {
  if (setting === 'title') return text
  if (setting.endsWith('At')) return timeOf(text) ?? null
  const times = setting === 'priceMinor' ? minorPerUnit(currency) : setting.endsWith('Ms') ? 1_000 : 1
  return numberOf(text, times) ?? ''
}

/**
 * @param {readonly SettingChange[]} changes
 * @param {readonly SkuSettings[]} skus
 */
function changesTable(changes, skus) {
  const rows = folded(changes).map(({ sku, skus: alike, setting, before, after, effect }) => {
    const currency = skus.find((one) => one.sku === sku)?.currency ?? 'EUR'
    const kind = typeof after === 'string' ? '' : 'number'
    const values = [before, after].map((value) => element('td', { class: kind }, valueText(setting, value, currency)))
    return element(
      'tr',
      {},
      element('th', { scope: 'row' }, settingNames[setting] ?? setting, element('code', {}, alike.join(', '))),
      ...values,
      element('td', {}, effect),
    )
  })
  return table('What would change', ['Setting', 'Before', 'After', 'Effect'], element('tbody', {}, ...rows))
}

/**
 * What is the same for several SKUs is told once.
 * @param {readonly SettingChange[]} changes
 */
function folded(changes) {
  /** @type {Map<string, SettingChange & { skus: string[] }>} */
  const rows = new Map()
  for (const change of changes) {
    const { setting, before, after, effect } = change
    const key = JSON.stringify([setting, before, after, effect])
    const row = rows.get(key) ?? { ...change, skus: [] }
    row.skus.push(change.sku)
    rows.set(key, row)
  }
  return [...rows.values()]
}

/** @type {Readonly<Record<string, string>>} */
const settingNames = {
  saleTitle: 'Title of the sale',
  title: 'Title',
  opensAt: 'Opens at',
  closesAt: 'Closes at',
  priceMinor: 'Price',
  perUserMax: 'Per user',
  holdTtlMs: 'Hold',
  paymentTtlMs: 'Payment',
  grantsPerSecond: 'Holds per second',
  lineMax: 'Places in line',
}

/**
 * @param {string} setting
 * @param {SettingValue} value
 * @param {string} currency
 */
function valueText(setting, value, currency) {
  if (value === null || value === '') return '–'
  if (typeof value !== 'number') return String(value)
  if (setting === 'priceMinor') return price(value, currency)
  if (setting.endsWith('At')) return timeText(value)
  return setting.endsWith('Ms') ? durationText(value) : digits(value)
}
