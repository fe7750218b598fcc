// @ts-check
/** @import { SkuSettings } from '../../../protocol/sku-settings.ts' */
/** @import { Desk } from './app.js' */
import { element } from '../../../gateway/page/element.js'
import { confirmed, messageOf } from './dialogs.js'
import { tellProblems } from './fields.js'
import { SaleForm } from './sale-form.js'
import { counted, price, timeText } from './words.js'

const skusTold = 6

/** Where a sale is made: by a form, or by the JSON that `sluice sale create --file` takes as well. The server says what is wrong with it, before anything is made. */
export class NewSalePage {
  title = 'New sale'
  root
  #desk
  #form = new SaleForm()
  #json = element('textarea', {
    name: 'json',
    rows: '18',
    spellcheck: 'false',
    'aria-label': 'The sale as JSON',
    'data-testid': 'sale-json',
  })
  #byJson = element('input', { type: 'radio', name: 'way', value: 'json', 'data-testid': 'way-json' })
  #byForm = element('input', { type: 'radio', name: 'way', value: 'form', checked: true })
  #problems = element('div', { class: 'problems', role: 'alert', 'data-testid': 'problems' })

  /** @param {Desk} desk */
  constructor(desk) {
    this.#desk = desk
    const ways = element(
      'fieldset',
      { class: 'ways' },
      element('legend', { class: 'unseen' }, 'How to write it'),
      element('label', {}, this.#byForm, 'Form'),
      element('label', {}, this.#byJson, 'JSON'),
    )
    ways.addEventListener('change', () => this.#change())
    const go = element('button', { type: 'submit', class: 'button', 'data-testid': 'check-sale' }, 'Check and create…')
    const form = element(
      'form',
      { class: 'new-sale', novalidate: true },
      ways,
      this.#form.root,
      this.#json,
      this.#problems,
      element('div', { class: 'buttons' }, go),
    )
    form.addEventListener('submit', (event) => {
      event.preventDefault()
      void this.#create()
    })
    this.#json.hidden = true
    this.root = element(
      'div',
      { class: 'page narrow' },
      element('h1', {}, 'New sale'),
      element('p', { class: 'soft' }, 'Nothing is made before you have seen what it will be. A sale opens by itself at its time.'),
      form,
    )
  }

  #change() {
    const isJson = this.#byJson.checked
    // What was filled in is where one goes on writing; the other way round the form stays as it was.
    if (isJson && this.#json.value.trim() === '') this.#json.value = JSON.stringify(this.#form.read(), null, 2)
    this.#json.hidden = !isJson
    this.#form.root.hidden = isJson
    this.#tell([])
  }

  async #create() {
    const { api, live, notices } = this.#desk
    const file = this.#file()
    if (file === undefined) return
    try {
      const checked = await api.post('check-sale', file)
      this.#tell(checked.kind === 'problems' ? checked.problems : [])
      if (checked.kind === 'problems') return
      const { sale, settings } = checked
      const isDone = await confirmed({
        title: `Create sale ${sale.sale}`,
        effects: effectsOf(settings),
        action: 'Create the sale',
        run: async () => {
          await api.call('sale.create', file)
          await live.now()
        },
      })
      if (!isDone) return
      notices.done(`Sale ${sale.sale} is there.`)
      this.#form.clear()
      this.#json.value = ''
      location.hash = `#/sales/${encodeURIComponent(sale.sale)}`
    } catch (error) {
      this.#tell([messageOf(error)])
    }
  }

  /** @returns {object | undefined} */
  #file() {
    if (!this.#byJson.checked) return this.#form.read()
    try {
      return /** @type {object} */ (JSON.parse(this.#json.value))
    } catch (error) {
      this.#tell([messageOf(error)])
      return undefined
    }
  }

  /** @param {readonly string[]} problems each names its place first, such as `skus[0].stock` */
  #tell(problems) {
    this.#form.mark(problems)
    tellProblems(this.#problems, problems)
  }
}

/**
 * @param {readonly SkuSettings[]} skus
 * @returns {readonly string[]}
 */
function effectsOf(skus) {
  const [first] = skus
  if (first === undefined) return []
  const when =
    first.opensAt > Date.now() ? `It opens by itself: ${timeText(first.opensAt)}.` : 'Its opening time is past, so it opens at once.'
  const told = skus
    .slice(0, skusTold)
    .map(
      (sku) =>
        `${counted(sku.stock, 'unit')} of ${sku.title} (${sku.sku}) at ${price(sku.priceMinor, sku.currency)}, at most ${sku.perUserMax} per user.`,
    )
  const more = skus.length > skusTold ? [`And ${counted(skus.length - skusTold, 'SKU')} more.`] : []
  const limit = first.saleLimitPerUser === undefined ? [] : [`Nobody gets more than ${first.saleLimitPerUser} of all of them together.`]
  const end = first.closesAt === undefined ? [] : [`It closes by itself: ${timeText(first.closesAt)}.`]
  return [when, ...end, ...told, ...more, ...limit]
}
