// @ts-check
import { element, setText } from './element.js'
import { digits } from './words.js'

const glideMs = 1_200

/**
 * A number that glides to its new value instead of jumping, and only ever falls on its way. It sets `--passed` on the given element to the
 * share of the way from the first value to 0, which never goes back while the first value stays. People who ask for less motion see the plain value.
 */
export class FallingNumber {
  root = element('span', { class: 'falling-number' })
  #line
  #first = Number.NaN
  #passed = 0
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
    if (first !== this.#first) this.#passed = 0
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
    this.#show(this.#from + (this.#to - this.#from) * eased(way))
    if (way === 1) this.#startedAt = -1
    else requestAnimationFrame((next) => this.#glide(next))
  }

  /** @param {number} value */
  #show(value) {
    this.#shown = value
    setText(this.root, digits(Math.round(value)))
    const passed = this.#first === 0 ? 1 : 1 - value / this.#first
    this.#passed = Math.min(1, Math.max(this.#passed, passed))
    this.#line.style.setProperty('--passed', this.#passed.toFixed(4))
  }
}

/**
 * Sets out and arrives slowly.
 * @param {number} way from 0 to 1
 */
function eased(way) {
  return way * way * (3 - 2 * way)
}
