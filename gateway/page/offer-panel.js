// @ts-check
/** @import { Actions, Panel, Product } from './product-state.js' */
import { element, pressButton, setEnabled, setText } from './element.js'
import { isFree, shownState } from './product-state.js'
import { clockTime, counted, digits, price } from './words.js'

/**
 * What someone without a claim sees: when it opens, the way to buy, or why there is none. It stays one panel with one button through
 * all of that, so that a finger or the keyboard's focus can rest on the button until it opens.
 * @param {Product} product
 * @param {Actions} actions
 * @returns {Panel}
 */
export function offerPanel(product, actions) {
  const buy = pressButton({ 'data-testid': `buy-${product.info.sku}` }, '', actions.buy)
  const note = element('p', { class: 'panel-note' })
  return {
    root: element('div', { class: 'panel offer' }, buy, note),
    update(current, now, online) {
      const { label, text, enabled } = offer(current, now)
      setText(buy, label)
      setText(note, text)
      note.hidden = text === ''
      setEnabled(buy, enabled && online && current.busy === '')
      buy.setAttribute('aria-label', `${label}: ${current.info.title}`)
    },
  }
}

/**
 * @param {Product} product
 * @param {number} now
 * @returns {{ label: string, text: string, enabled: boolean }}
 */
function offer(product, now) {
  const { info, claim } = product
  switch (shownState(product)) {
    case 'scheduled': {
      const left = info.opensAt - now
      if (info.draw !== undefined) return drawOffer(product, info.draw, left)
      return { label: left > 0 ? `Opens in ${clockTime(left)}` : 'Opening…', text: '', enabled: false }
    }
    case 'open':
      return openOffer(product)
    case 'paused':
      return { label: 'Paused', text: 'The sale takes a short break. Places in line and reserved pieces are kept.', enabled: false }
    case 'closed':
      return { label: 'Closed', text: 'This sale is over.', enabled: false }
    default:
      return {
        label: 'Sold out',
        text: claim.state === 'soldout' ? 'The last one went to someone ahead of you. Thank you for waiting.' : '',
        enabled: false,
      }
  }
}

/**
 * Nobody has to be quick here, so the button is there from the beginning.
 * @param {Product} product
 * @param {import('../../protocol/results.js').DrawInfo} draw
 * @param {number} leftMs until the opening
 */
function drawOffer({ busy }, draw, leftMs) {
  const label = busy === 'buy' ? 'Putting you in…' : draw.stage === 'lobby' ? 'Take part in the draw' : 'Join behind the draw'
  if (draw.stage !== 'lobby')
    return { label, text: 'The places are being drawn. Who comes now stands behind everyone in the draw.', enabled: true }
  const people = draw.people === 0 ? '' : ` ${counted(draw.people, 'person takes', 'people take')} part so far.`
  const when = leftMs > 0 ? `Places are drawn in ${clockTime(leftMs)}.` : 'Drawing…'
  return { label, text: `${when} Your chance does not depend on when you come.${people}`, enabled: true }
}

/** @param {Product} product */
function openOffer({ info, status, busy }) {
  const amount = price(info.priceMinor, info.currency)
  if (isFree(status)) return { label: busy === 'buy' ? 'Reserving…' : `Buy for ${amount}`, text: '', enabled: true }
  const text =
    status.waiting > 0
      ? `${digits(status.waiting)} ${status.waiting === 1 ? 'person is' : 'people are'} in line before you.`
      : 'You would be first in line.'
  return { label: busy === 'buy' ? 'Finding your place…' : 'Join the line', text, enabled: true }
}
