// @ts-check
/** @import { Product } from './product-state.js' */
import { part, setEnabled, setText } from './element.js'
import { isOver, offerState } from './product-state.js'
import { clockTime, digits } from './words.js'

/** The big line beside the headline: when the sale opens, that it is open, and when the next one starts. */
export class SaleStatus {
  #root
  #label
  #figure
  #note
  #restart
  #refusal = ''

  /**
   * @param {HTMLElement} root
   * @param {() => Promise<string>} onRestart starts the next sale; the result says why not, or is empty
   */
  constructor(root, onRestart) {
    this.#root = root
    this.#label = part(root, '.sale-status-label', HTMLElement)
    this.#figure = part(root, '.sale-status-figure', HTMLElement)
    this.#note = part(root, '.sale-status-note', HTMLElement)
    this.#restart = part(root, 'button', HTMLButtonElement)
    this.#restart.addEventListener('click', () => {
      if (this.#restart.ariaDisabled === 'true') return
      void this.#startNext(onRestart)
    })
  }

  /** @param {() => Promise<string>} onRestart */
  async #startNext(onRestart) {
    setEnabled(this.#restart, false)
    this.#refusal = await onRestart()
    setEnabled(this.#restart, true)
  }

  /**
   * @param {readonly Product[]} products
   * @param {number} now
   * @param {boolean} isDemo only a demo may start its own next sale
   */
  update(products, now, isDemo) {
    const { state, label, figure, note } = words(products, now)
    if (this.#root.dataset['state'] !== state) this.#root.dataset['state'] = state
    setText(this.#label, label)
    setText(this.#figure, figure)
    setText(this.#note, state === 'over' && this.#refusal !== '' ? this.#refusal : note)
    this.#restart.hidden = state !== 'over' || !isDemo
  }
}

/**
 * @param {readonly Product[]} products
 * @param {number} now
 */
function words(products, now) {
  if (products.length === 0) return { state: 'none', label: '', figure: '', note: '' }
  if (isOver(products)) {
    return { state: 'over', label: 'This sale', figure: 'is over', note: 'Start the next one whenever you like.' }
  }
  const states = products.map(({ status }) => offerState(status))
  if (states.includes('open')) {
    const free = products.reduce((sum, { status }) => sum + (status.state === 'open' ? status.available : 0), 0)
    return { state: 'open', label: 'Open now', figure: digits(free), note: free === 1 ? 'piece free' : 'pieces free' }
  }
  if (states.includes('paused'))
    return { state: 'paused', label: 'The sale is', figure: 'paused', note: 'Places and reserved pieces are kept.' }
  const left = Math.min(...products.filter(({ status }) => status.state === 'scheduled').map(({ info }) => info.opensAt)) - now
  return {
    state: 'scheduled',
    label: 'Opens in',
    figure: clockTime(left),
    note: left > 0 ? 'Everyone starts at the same moment.' : 'Opening…',
  }
}
