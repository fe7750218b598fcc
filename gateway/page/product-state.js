// @ts-check
/** @import { ClaimState, SkuInfo, SkuStatus } from '../../protocol/results.ts' */

/**
 * One product as this page knows it.
 * @typedef {object} Product
 * @property {SkuInfo} info
 * @property {SkuStatus} status
 * @property {ClaimState} claim
 * @property {number} units all units when this page first saw the product; only a restock may change that
 * @property {number} firstAhead people ahead when this person joined the line, where the progress line begins
 * @property {number} holdMs how long the hold was when this person got it
 * @property {boolean} tookPart whether this person was in the draw
 * @property {'' | 'buy' | 'leave' | 'checkout'} busy the call that is under way
 * @property {string} notice why the last call was refused
 */

/** @typedef {'scheduled' | 'open' | 'lobby' | 'queued' | 'held' | 'pending' | 'overdue' | 'paid' | 'declined' | 'refunded' | 'expired' | 'soldout' | 'paused' | 'closed' | 'none'} Shown */

/**
 * What a panel may ask the shop to do for its product.
 * @typedef {object} Actions
 * @property {() => void} buy
 * @property {() => void} leave
 * @property {(payment: string) => void} pay
 */

/**
 * The part of a product's card that changes with its state.
 * @typedef {object} Panel
 * @property {HTMLElement} root
 * @property {(product: Product, now: number, online: boolean) => void} update
 */

/**
 * The one state that is drawn: what the person has goes before what the sale does.
 * @param {Product} product
 * @returns {Shown}
 */
export function shownState({ claim, status }) {
  switch (claim.state) {
    case 'lobby':
    case 'queued':
    case 'held':
    case 'pending':
    case 'overdue':
    case 'paid':
    case 'declined':
    case 'refunded':
    case 'expired':
      return claim.state
    case 'refunding':
    case 'unrefunded':
      return 'refunded'
    case 'soldout':
      // A restock reopens what was sold out.
      return status.state === 'open' && status.available > 0 ? 'open' : 'soldout'
    default:
      return offerState(status)
  }
}

/**
 * A place in line that was given up because its person was away for too long.
 * @param {ClaimState} claim
 */
export function wasAway(claim) {
  return claim.state === 'expired' && 'reason' in claim && claim.reason === 'absent'
}

/**
 * For how long a place in line survives its person's absence, in ms; 0 is for ever, undefined if the server does not say.
 * @param {SkuInfo} info
 * @returns {number | undefined}
 */
export function absenceMsOf(info) {
  return 'absenceMs' in info && typeof info.absenceMs === 'number' ? info.absenceMs : undefined
}

/**
 * What someone without a claim sees.
 * @param {SkuStatus} status
 * @returns {'scheduled' | 'open' | 'paused' | 'closed' | 'soldout'}
 */
export function offerState(status) {
  return status.state !== 'scheduled' && unitsLeft(status) === 0 ? 'soldout' : status.state
}

/**
 * Units that are free or can still come free.
 * @param {SkuStatus} status
 */
export function unitsLeft({ available, held, ordered }) {
  return available + held + ordered
}

/**
 * All units there are; the engine promises that this never changes but by a restock.
 * @param {SkuStatus} status
 */
export function unitsOf(status) {
  return unitsLeft(status) + status.sold
}

/**
 * Whether buying now most likely gives a unit at once and not a place in the line.
 * @param {SkuStatus} status
 */
export function isFree(status) {
  return status.available > 0 && status.waiting === 0
}

/**
 * Nothing can be bought any more and nothing can come free.
 * @param {readonly Product[]} products
 */
export function isOver(products) {
  return products.length > 0 && products.every(({ status }) => ['closed', 'soldout'].includes(offerState(status)))
}
