// @ts-check
/** @import { ClaimState, SkuStatus } from '../../protocol/results.ts' */
/** @import { Actions, Panel, Product } from './product-state.js' */
import { element, pressButton, setEnabled, setText } from './element.js'
import { absenceMsOf, isFree, offerState, wasAway } from './product-state.js'
import { price, timeInWords } from './words.js'

/**
 * How a purchase stands or ended: payment under way or checked, paid, declined, money back, or a hold that ran out; with a second try where there is one.
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
      working.hidden = claim.state !== 'pending' && claim.state !== 'overdue'
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
function outcome(claim, { info, status }) {
  switch (claim.state) {
    case 'pending':
      return {
        title: 'Paying…',
        text: 'The bank is answering. The piece stays yours meanwhile, and you may close this page.',
        mayRetry: false,
      }
    case 'overdue':
      return {
        title: 'We are checking your payment',
        text: 'Your bank has not answered in time, so the piece is back in the sale. We keep asking. If it has paid, you get a piece where one is free, or else all of your money back. You may close this page.',
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
        text: tooLate,
        mayRetry: false,
      }
    case 'unrefunded':
      return {
        title: 'Your money is not back yet',
        text: 'Your bank did not take it back. We know of it, and somebody is looking after it.',
        mayRetry: true,
      }
    case 'refunded':
      return { title: 'Your money is back', text: tooLate, mayRetry: true }
    case 'declined':
      return { title: 'The card was declined', text: `Nothing was charged. ${whereItWent(status)}`, mayRetry: true }
    default:
      if (wasAway(claim)) return { title: 'Your place was given up', text: tooLongAway(absenceMsOf(info)), mayRetry: true }
      return { title: 'Your time ran out', text: 'The piece went back to the sale. Nothing was charged.', mayRetry: true }
  }
}

/** @param {number | undefined} absenceMs */
function tooLongAway(absenceMs) {
  const limit = absenceMs === undefined || absenceMs === 0 ? 'longer than a place is kept' : `longer than ${timeInWords(absenceMs)}`
  return `You were away for ${limit}, so the people behind you moved up. Nothing was charged. You can join again, at the end of the line.`
}

const tooLate = 'Your bank paid when the time was over, and the piece had gone to someone else. You pay nothing.'

/**
 * What became of a piece that a card did not pay for.
 * @param {SkuStatus} status
 */
function whereItWent(status) {
  if (isFree(status)) return 'The piece is free again: try another card.'
  if (offerState(status) === 'soldout') return 'The piece went to the next in line, and it was the last.'
  return 'The piece went to the next in line, and you can wait for another.'
}
