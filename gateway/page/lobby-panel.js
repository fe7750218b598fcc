// @ts-check
/** @import { SkuInfo } from '../../protocol/results.ts' */
/** @import { Actions, Panel, Product } from './product-state.js' */
import { element, pressButton, setEnabled, setText } from './element.js'
import { clockTime, counted } from './words.js'

/**
 * In the lobby of a sale whose first places are drawn: what that is, when it happens, and that nothing can be done wrong meanwhile.
 * @param {Product} product
 * @param {Actions} actions
 * @returns {Panel}
 */
export function lobbyPanel(product, actions) {
  const { sku } = product.info
  const left = element('p', { class: 'lobby-left', 'data-testid': `lobby-left-${sku}` })
  const people = element('p', { class: 'lobby-people', 'data-testid': `lobby-people-${sku}` })
  const text = element('p', { class: 'lobby-text' })
  const working = element('div', { class: 'working', 'aria-hidden': 'true' })
  const leave = pressButton({ class: 'button quiet', 'data-testid': `leave-${sku}` }, 'Leave the draw', actions.leave)
  return {
    root: element(
      'div',
      { class: 'panel lobby' },
      element('h3', { tabindex: '-1' }, 'You are in the draw'),
      left,
      working,
      people,
      text,
      element('div', { class: 'way-out' }, leave),
    ),
    update({ info, status, busy }, now, online) {
      const words = lobby(info, info.opensAt - now)
      working.hidden = words.isWaiting
      setText(left, status.state === 'paused' ? 'The sale takes a short break. You stay in the draw.' : words.left)
      setText(people, words.people)
      people.hidden = words.people === ''
      setText(text, words.text)
      setEnabled(leave, online && busy === '')
      setText(leave, busy === 'leave' ? 'Leaving the draw…' : 'Leave the draw')
    },
  }
}

const noHurry =
  'Your chance does not depend on when you came: everyone who is here by then gets a random place. You need not do anything, and reloading changes nothing.'

/**
 * @param {SkuInfo} info
 * @param {number} leftMs until the opening
 */
function lobby({ draw }, leftMs) {
  const people = draw === undefined || draw.people === 0 ? '' : counted(draw.people, 'person takes part', 'people take part')
  switch (draw?.stage) {
    case 'counting':
      return { left: 'The draw is closed.', people, text: 'Everyone who takes part is being counted.', isWaiting: false }
    case 'beacon':
      return { left: 'The draw is closed.', people, text: waitsFor(draw.beacon), isWaiting: false }
    case 'seating':
    case 'done':
      return { left: 'The places are drawn.', people, text: 'Yours comes in a moment.', isWaiting: false }
    default:
      return {
        left: leftMs > 0 ? `Drawn in ${clockTime(leftMs)}` : 'Drawing…',
        people: people === '' ? '' : `${people} so far`,
        text: noHurry,
        isWaiting: leftMs > 0,
      }
  }
}

/** @param {{ readonly source: string, readonly round: number } | null} beacon */
function waitsFor(beacon) {
  const number = beacon === null ? 'a public number' : `a public number that nobody can know yet (${beacon.source}, round ${beacon.round})`
  return `The list of people is fixed. Now it waits for ${number}, so that nobody could choose the places. You keep yours.`
}
