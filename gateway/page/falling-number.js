// @ts-check
import { element, setText } from './element.js'
import { digits } from './words.js'

const glideMs = 700

/**
 * A number that glides to its new value instead of jumping, and only ever falls on its way. It sets `--passed` on the given element to the
 * share of the way from the first value to 0. People who ask for less motion see the plain value.
 */
export class FallingNumber {
  root = element('span', { class: 'falling-number' })
  #line
  #first = 0
  #shown = Number.NaN
  #from = 0
  #to = Number.NaN
  #startedAt = -1

  /** @param {HTMLElement} line the element that gets `--passed` */
  constructor(line) {
    this.#line = line
  }

  /**
   * @param {number} value
   * @param {number} first
   */
  fallTo(value, first) {
    if (value === this.#to && first === this.#first) return
    const isGliding = this.#startedAt >= 0
    this.#first = first
    this.#to = value
    if (!(this.#shown > value) || document.hidden || matchMedia('(prefers-reduced-motion: reduce)').matches) {
      this.#startedAt = -1
      this.#show(value)
      return
    }
    this.#from = this.#shown
    this.#startedAt = 0
    if (!isGliding) requestAnimationFrame((time) => this.#glide(time))
  }

  /** @param {number} time */
  #glide(time) {
    if (this.#startedAt < 0) return
    if (this.#startedAt === 0) this.#startedAt = time
    const way = Math.min(1, (time - this.#startedAt) / glideMs)
    this.#show(this.#from + (this.#to - this.#from) * (1 - (1 - way) ** 3))
    if (way === 1) this.#startedAt = -1
    else requestAnimationFrame((next) => this.#glide(next))
  }

  /** @param {number} value */
  #show(value) {
    this.#shown = value
    setText(this.root, digits(Math.round(value)))
    this.#line.style.setProperty('--passed', this.#first === 0 ? '1' : Math.min(1, Math.max(0, 1 - value / this.#first)).toFixed(4))
  }
}
