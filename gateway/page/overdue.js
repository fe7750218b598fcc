// @ts-check
/** @import { Product } from './product-state.js' */

/** How long news may be late before the page asks, and the least time between two questions. */
const patienceMs = 2_000

/** Between two looks at a draw, of which no event tells. */
const drawLookMs = 3_000

/** Notices that something should have been heard by now: a hold that must have ended, a sale that must have opened. */
export class Overdue {
  /** @type {Map<string, number>} */
  #askedAt = new Map()

  /**
   * The SKUs whose claim should be asked for now.
   * @param {readonly Product[]} products
   * @param {number} now
   */
  claims(products, now) {
    return products
      .filter(({ claim, status }) => claim.state === 'held' && status.state !== 'paused' && now > claim.expiresAt + patienceMs)
      .map(({ info }) => info.sku)
      .filter((sku) => this.#mayAsk(sku, now))
  }

  /**
   * Whether the sale itself should be asked for now.
   * @param {readonly Product[]} products
   * @param {number} now
   */
  sale(products, now) {
    const isLate = products.some(({ status, info }) => status.state === 'scheduled' && now > info.opensAt + patienceMs)
    return isLate && this.#mayAsk('', now)
  }

  /**
   * Whether it is time to see how many take part in a draw, and how far it is.
   * @param {readonly Product[]} products
   * @param {number} now
   */
  draw(products, now) {
    const isAhead = products.some(
      ({ info, status }) => info.draw !== undefined && (status.state === 'scheduled' || info.draw.stage !== 'done'),
    )
    return isAhead && this.#mayAsk('draw', now, drawLookMs)
  }

  /**
   * @param {string} what
   * @param {number} now
   * @param {number} gapMs
   */
  #mayAsk(what, now, gapMs = patienceMs) {
    if (now < (this.#askedAt.get(what) ?? 0) + gapMs) return false
    this.#askedAt.set(what, now)
    return true
  }
}
