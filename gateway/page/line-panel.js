// @ts-check
/** @import { Actions, Panel, Product } from './product-state.js' */
import { element, pressButton, setEnabled, setText } from './element.js'
import { FallingNumber } from './falling-number.js'
import { absenceMsOf } from './product-state.js'
import { digits, keptInWords, oddsInWords, waitInWords } from './words.js'

/**
 * A place in the line: how many are ahead, how far it has come, how long it may take, how good the chances are, and a way out.
 * @param {Product} product
 * @param {Actions} actions
 * @returns {Panel}
 */
export function linePanel(product, actions) {
  const { sku } = product.info
  const way = element('div', { class: 'way', 'aria-hidden': 'true' }, element('span', { class: 'way-marker' }))
  const number = new FallingNumber(way)
  const unit = element('span', { class: 'ahead-unit' })
  const ahead = element('p', { class: 'ahead', 'data-testid': `ahead-${sku}` }, number.root, ' ', unit)
  const from = element('span')
  const ends = element('p', { class: 'way-ends' }, from, element('span', {}, 'your turn'))
  const heading = element('h3', { tabindex: '-1' })
  const wait = element('p', { class: 'line-wait', 'data-testid': `wait-${sku}` })
  const odds = element('p', { class: 'line-odds', 'data-testid': `odds-${sku}` })
  const kept = element('p', { class: 'line-kept', 'data-testid': `kept-${sku}`, hidden: true })
  const exit = wayOut(sku, actions)
  return {
    root: element('div', { class: 'panel line' }, heading, ahead, way, ends, wait, odds, kept, exit.root),
    update({ info, claim, status, firstAhead, tookPart, busy }, _now, online) {
      exit.update(busy, online)
      if (claim.state !== 'queued') return
      number.fallTo(claim.ahead, firstAhead)
      setText(unit, unitText(claim.ahead))
      ahead.dataset['ahead'] = String(claim.ahead)
      setText(heading, tookPart ? 'The draw gave you a place' : 'You are in line')
      setText(from, beginning(firstAhead, tookPart))
      setText(wait, status.state === 'paused' ? 'The sale takes a short break. Your place is kept.' : waitInWords(claim.eta))
      setText(odds, oddsInWords(claim.odds))
      odds.dataset['odds'] = claim.odds
      const keptText = keptInWords(absenceMsOf(info))
      setText(kept, keptText)
      kept.hidden = keptText === ''
    },
  }
}

/**
 * Where the line of progress begins.
 * @param {number} firstAhead
 * @param {boolean} tookPart
 */
function beginning(firstAhead, tookPart) {
  if (firstAhead === 0) return tookPart ? 'drawn at the front' : 'you joined at the front'
  return `${digits(firstAhead)} ${tookPart ? 'after the draw' : 'when you joined'}`
}

/** @param {number} ahead */
function unitText(ahead) {
  if (ahead === 0) return 'ahead of you: you are next'
  return ahead === 1 ? 'person ahead of you' : 'people ahead of you'
}

/**
 * The button that gives the place up, which asks once more before it does.
 * @param {string} sku
 * @param {Actions} actions
 */
function wayOut(sku, actions) {
  const leave = pressButton({ class: 'button quiet', 'data-testid': `leave-${sku}` }, 'Leave the line', () => ask(true))
  const yes = pressButton({ class: 'button small', 'data-testid': `leave-yes-${sku}` }, 'Leave', actions.leave)
  const no = pressButton({ class: 'button small quiet', 'data-testid': `leave-no-${sku}` }, 'Stay', () => ask(false))
  const question = element('p', { id: `leave-question-${sku}` }, 'Give up your place? Coming back means the end of the line.')
  const confirm = element('div', { class: 'confirm', role: 'group', 'aria-labelledby': question.id, hidden: true }, question, yes, no)
  /** @param {boolean} asking */
  const ask = (asking) => {
    leave.hidden = asking
    confirm.hidden = !asking
    if (asking) no.focus()
    else leave.focus()
  }
  confirm.addEventListener('keydown', (event) => {
    if (event.key === 'Escape') ask(false)
  })
  return {
    root: element('div', { class: 'way-out' }, leave, confirm),
    /**
     * @param {Product['busy']} busy
     * @param {boolean} online
     */
    update(busy, online) {
      setEnabled(leave, online)
      setEnabled(yes, online && busy === '')
      setText(yes, busy === 'leave' ? 'Leaving…' : 'Leave')
    },
  }
}
