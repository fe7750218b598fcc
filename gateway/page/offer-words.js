// @ts-check
/** @import { ProductState } from '../../protocol/results.ts' */

/** @type {Record<ProductState, string>} */
const words = {
  open: 'In the sale now',
  scheduled: 'In a sale soon',
  paused: 'Sale paused',
  soldout: 'Sold out',
  none: '',
}

/**
 * Where a product stands, for a list. Empty where there is nothing to say.
 * @param {ProductState} state
 */
export function stateInWords(state) {
  return words[state]
}
