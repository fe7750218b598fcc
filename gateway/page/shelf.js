// @ts-check
/** @import { ClaimState, Eta, Odds, SaleInfo, SkuStatus } from '../../protocol/results.ts' */
/** @import { ClaimMemory } from './claim-memory.js' */
/** @import { Product } from './product-state.js' */
import { unitsOf } from './product-state.js'

/** The products of the sale as this page knows them: takes news in, draws nothing. */
export class Shelf {
  #memory
  #now
  #sale = ''
  /** @type {Map<string, Product>} */
  #products = new Map()
  /** @type {Map<string, ClaimState>} what the person has, which is often known before the sale is */
  #claims = new Map()

  /**
   * @param {ClaimMemory} memory
   * @param {() => number} now by the server's clock
   */
  constructor(memory, now) {
    this.#memory = memory
    this.#now = now
  }

  /** @returns {readonly Product[]} in the sale's order */
  get products() {
    return [...this.#products.values()]
  }

  /** @param {string} sku */
  product(sku) {
    return this.#products.get(sku)
  }

  /**
   * Takes the sale as it is now and says whether it is another one than before, with products of its own.
   * @param {SaleInfo} sale
   */
  takeSale(sale) {
    const isSame =
      sale.sale === this.#sale && sale.skus.length === this.#products.size && sale.skus.every(({ sku }) => this.#products.has(sku))
    if (!isSame) {
      this.#sale = sale.sale
      this.#products = new Map(
        sale.skus.map((info) => [
          info.sku,
          {
            info,
            status: info,
            claim: { state: 'none' },
            units: unitsOf(info),
            firstAhead: 0,
            holdMs: 0,
            tookPart: false,
            busy: '',
            notice: '',
          },
        ]),
      )
    }
    for (const info of sale.skus) {
      const product = this.#products.get(info.sku)
      if (product !== undefined) product.info = info
      this.takeStatus(info)
    }
    if (!isSame) this.#giveOutClaims()
    return !isSame
  }

  /** @param {SkuStatus} status */
  takeStatus(status) {
    const product = this.#products.get(status.sku)
    if (product === undefined) return
    product.status = status
    if (status.state === 'scheduled') product.units = unitsOf(status)
  }

  /**
   * @param {string} sku
   * @param {ClaimState} claim
   */
  takeClaim(sku, claim) {
    const product = this.#products.get(sku)
    if (product === undefined || isOlder(claim, product.claim)) return
    product.claim = claim
    product.notice = ''
    if (claim.state === 'lobby') this.#memory.noteDraw(sku)
    product.tookPart = product.info.draw !== undefined && this.#memory.wasInDraw(sku)
    if (claim.state === 'queued') product.firstAhead = this.#memory.first('ahead', sku, claim.ticket, claim.ahead)
    if (claim.state === 'held') product.holdMs = this.#memory.first('hold', sku, claim.hold, claim.expiresAt - this.#now())
  }

  /**
   * All that the person has; whatever is not among it is gone.
   * @param {readonly (ClaimState & { readonly sku: string })[]} claims
   */
  takeAllClaims(claims) {
    this.#claims = new Map(claims.map((claim) => [claim.sku, claim]))
    this.#giveOutClaims()
  }

  /**
   * A new place in the line. False if the page knows of no ticket there, so that it has to ask.
   * @param {{ readonly sku: string, readonly ahead: number, readonly eta: Eta, readonly odds: Odds }} place
   */
  takePlace({ sku, ahead, eta, odds }) {
    const claim = this.#products.get(sku)?.claim
    if (claim?.state !== 'queued') return false
    this.takeClaim(sku, { ...claim, ahead, eta, odds })
    return true
  }

  #giveOutClaims() {
    for (const { info } of this.products) this.takeClaim(info.sku, this.#claims.get(info.sku) ?? { state: 'none' })
  }
}

/**
 * The answer to a checkout may come behind the news of how it ended.
 * @param {ClaimState} claim
 * @param {ClaimState} known
 */
function isOlder(claim, known) {
  return claim.state === 'pending' && 'order' in known && known.order === claim.order && known.state !== 'pending'
}
