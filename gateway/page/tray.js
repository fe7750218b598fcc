// @ts-check
/** @import { Product } from './product-state.js' */
import { pressButton, setText } from './element.js'
import { clockTime, digits } from './words.js'

/** A mere edge at the foot of the window, where the tray itself lies, is not in sight. */
const inSightBelow = { rootMargin: '0px 0px -96px 0px' }

/** A line at the foot of the window for what must not be missed while its card is out of sight: a hold first, then a place in line, then one in a draw. */
export class Tray {
  #root
  #button
  #label = document.createElement('span')
  #figure = document.createElement('strong')
  #inSight = new Set()
  #observer
  /** @type {HTMLElement | undefined} */
  #target

  /** @param {HTMLElement} root */
  constructor(root) {
    this.#root = root
    this.#button = pressButton({ class: 'tray-button', 'data-testid': 'tray' }, '', () => this.#go())
    this.#button.append(this.#label, this.#figure)
    root.append(this.#button)
    this.#observer = new IntersectionObserver((entries) => {
      for (const { target, isIntersecting } of entries) {
        if (isIntersecting) this.#inSight.add(target)
        else this.#inSight.delete(target)
      }
    }, inSightBelow)
  }

  /** @param {HTMLElement} state a card's changing part */
  watch(state) {
    this.#observer.observe(state)
  }

  forgetAll() {
    this.#observer.disconnect()
    this.#inSight.clear()
    this.#target = undefined
  }

  /**
   * @param {readonly Product[]} products
   * @param {(sku: string) => HTMLElement | undefined} stateOf
   * @param {number} now
   */
  update(products, stateOf, now) {
    const urgent =
      products.find(({ claim }) => claim.state === 'held') ??
      products.find(({ claim }) => claim.state === 'queued') ??
      products.find(({ claim }) => claim.state === 'lobby')
    this.#target = urgent === undefined ? undefined : stateOf(urgent.info.sku)
    const hidden = this.#target === undefined || this.#inSight.has(this.#target)
    if (this.#root.hidden !== hidden) this.#root.hidden = hidden
    if (urgent === undefined) return
    const { info, claim } = urgent
    this.#root.dataset['state'] = claim.state
    if (claim.state === 'held') {
      setText(this.#label, `Your turn: ${info.title}`)
      setText(this.#figure, clockTime(claim.expiresAt - now))
    } else if (claim.state === 'queued') {
      setText(this.#label, `In line: ${info.title}`)
      setText(this.#figure, `${digits(claim.ahead)} ahead`)
    } else if (claim.state === 'lobby') {
      setText(this.#label, `In the draw: ${info.title}`)
      setText(this.#figure, info.opensAt > now ? clockTime(info.opensAt - now) : 'drawing')
    }
  }

  #go() {
    if (this.#target === undefined) return
    const isCalm = matchMedia('(prefers-reduced-motion: reduce)').matches
    this.#target.scrollIntoView({ behavior: isCalm ? 'instant' : 'smooth', block: 'center' })
    const heading = this.#target.querySelector('h3')
    if (heading instanceof HTMLElement) heading.focus({ preventScroll: true })
  }
}
