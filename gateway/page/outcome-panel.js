// @ts-check
/** @import { ClaimState } from '../../protocol/results.ts' */
/** @import { Actions, Panel, Product } from './product-state.js' */
import { element, pressButton, setEnabled, setText } from './element.js'
import { isFree, offerState } from './product-state.js'
import { price } from './words.js'

/**
 * How a purchase stands or ended: payment under way, paid, declined, refunded, or a hold that ran out; with a second try where there is one.
 * @param {Product} product
 * @param {Actions} actions
 * @returns {Panel}
 */
export function outcomePanel(product, actions) {
  const { sku } = product.info
  const title = element('h3', { tabindex: '-1' })
  const text = element('p', { class: 'outcome-text' })
  const order = element('code', { 'data-testid': `order-${sku}` })
  const orderLine = element('p', { class: 'outcome-order' }, 'Order ', order)
  const working = element('div', { class: 'working', 'aria-hidden': 'true' })
  const again = pressButton({ 'data-testid': `buy-${sku}` }, '', actions.buy)
  return {
    root: element('div', { class: 'panel outcome' }, title, working, text, orderLine, again),
    update(current, _now, online) {
      const { claim, status, busy } = current
      const words = outcome(claim, current)
      setText(title, words.title)
      setText(text, words.text)
      working.hidden = claim.state !== 'pending'
      orderLine.hidden = !('order' in claim)
      if ('order' in claim) setText(order, claim.order)
      again.hidden = !words.mayRetry || offerState(status) !== 'open'
      setText(again, busy === 'buy' ? 'One moment…' : isFree(status) ? 'Try again' : 'Join the line again')
      setEnabled(again, online && busy === '')
    },
  }
}

/**
 * @param {ClaimState} claim
 * @param {Product} product
 * @returns {{ title: string, text: string, mayRetry: boolean }}
 */
function outcome(claim, { info }) {
  switch (claim.state) {
    case 'pending':
      return {
        title: 'Paying…',
        text: 'The bank is answering. The piece stays yours meanwhile, and you may close this page.',
        mayRetry: false,
      }
    case 'overdue':
      return {
        title: 'The bank takes too long',
        text: 'Your piece went back to the sale, but we keep asking the bank. If it did pay, you get a piece or your money back.',
        mayRetry: false,
      }
    case 'paid':
      return {
        title: `${info.title} is yours`,
        text: `Paid ${price(claim.amountMinor, claim.currency)}. Thank you for your patience.`,
        mayRetry: false,
      }
    case 'refunding':
      return {
        title: 'Your money is on its way back',
        text: 'The payment came too late: the piece had gone to someone else.',
        mayRetry: true,
      }
    case 'refunded':
      return { title: 'Your money is back', text: 'The payment came too late: the piece had gone to someone else.', mayRetry: true }
    case 'declined':
      return { title: 'The card was declined', text: 'Nothing was charged. The piece went back to the sale.', mayRetry: true }
    default:
      return { title: 'Your time ran out', text: 'The piece went back to the sale. Nothing was charged.', mayRetry: true }
  }
}
