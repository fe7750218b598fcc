// @ts-check
/** @import { BoardSale, BoardSku } from '../board.ts' */
/** @import { Desk } from './app.js' */
import { element } from '../../../gateway/page/element.js'
import { newRequestId } from './api.js'
import { confirmed } from './dialogs.js'
import { counted, digits, price, sumOf, timeText } from './words.js'

/** @typedef {'open' | 'pause' | 'resume' | 'close'} SaleAction */

/** What can be done with a sale in each of its states.
 * @type {Readonly<Record<BoardSale['state'], readonly SaleAction[]>>}
 */
export const actionsIn = {
  scheduled: ['open', 'close'],
  open: ['pause', 'close'],
  paused: ['resume', 'close'],
  over: [],
}

/** @type {Readonly<Record<SaleAction, string>>} */
export const actionNames = { open: 'Open now', pause: 'Pause', resume: 'Resume', close: 'Close' }

/** @type {Readonly<Record<SaleAction, string>>} */
const doneNames = { open: 'open', pause: 'paused', resume: 'open again', close: 'closed' }

/**
 * Asks, saying what it will do as things stand now, and does it.
 * @param {Desk} desk
 * @param {BoardSale} sale
 * @param {SaleAction} action
 */
export async function changeSale({ api, live, notices }, sale, action) {
  const requestId = newRequestId()
  const isDone = await confirmed({
    title: `${actionNames[action]}: ${sale.title}`,
    effects: effectsOf(sale, action),
    action: `${actionNames[action]} the sale`.replace('Open now the sale', 'Open the sale now'),
    grave: action === 'close',
    run: async () => {
      await api.call(`sale.${action}`, sale.sale, requestId)
      await live.now()
    },
  })
  if (isDone) notices.done(`Sale ${sale.sale} is ${doneNames[action]}.`)
}

/**
 * @param {BoardSale} sale
 * @param {SaleAction} action
 * @returns {readonly string[]}
 */
export function effectsOf(sale, action) {
  const { available, held, ordered, waiting } = sumOf(sale.skus.filter(({ state }) => state !== 'closed'))
  const people = counted(waiting, 'person', 'people')
  switch (action) {
    case 'open':
      return [
        `${counted(available, 'unit')} can be bought from now on${sale.opensAt > Date.now() ? `, before the planned time (${timeText(sale.opensAt)})` : ''}.`,
        ...(sale.skus.some(({ draw }) => draw !== undefined) ? ['Lobbies are closed, and their places are drawn.'] : []),
      ]
    case 'pause':
      return [
        'Nobody can buy until you resume.',
        `${people} in line ${waiting === 1 ? 'keeps the place' : 'keep their places'}; nobody is served meanwhile.`,
        `The clocks of ${counted(held, 'held unit')} stand still. Payments of ${counted(ordered, 'ordered unit')} go on.`,
      ]
    case 'resume':
      return [
        `${counted(available, 'free unit')} can be bought again, first by the ${people} in line.`,
        `${counted(held, 'held unit')} ${held === 1 ? 'has' : 'have'} the time that was left before the pause.`,
      ]
    case 'close':
      return [
        'This is for good: a closed sale cannot be opened again.',
        `${people} in line ${waiting === 1 ? 'is' : 'are'} told that it is over.`,
        `${counted(held, 'held unit')} can still be checked out in time, and ${counted(ordered, 'ordered unit')} can still be paid.`,
        `${counted(available, 'unit')} ${available === 1 ? 'stays' : 'stay'} unsold.`,
      ]
  }
}

const unitsMax = 1_000_000_000

/**
 * Asks how many units are put in, and puts them in.
 * @param {Desk} desk
 * @param {BoardSku} sku
 */
export async function restock({ api, live, notices }, sku) {
  const requestId = newRequestId()
  const units = element('input', {
    type: 'number',
    name: 'units',
    min: '1',
    max: String(unitsMax),
    step: '1',
    required: true,
    inputmode: 'numeric',
    'data-testid': 'units',
  })
  const total = sku.available + sku.held + sku.ordered + sku.sold
  const isDone = await confirmed({
    title: `Restock: ${sku.title}`,
    effects: [
      `${digits(total)} units were put in so far; what you put in is added.`,
      sku.waiting > 0
        ? `${counted(sku.waiting, 'person', 'people')} in line ${sku.waiting === 1 ? 'gets' : 'get'} new units first${sku.state === 'paused' ? ', once the sale is resumed' : ''}.`
        : 'Nobody is in line.',
      'Units cannot be taken out again.',
    ],
    fields: [element('label', {}, 'Units to add', units)],
    action: 'Add units',
    run: async () => {
      await api.call('sku.restock', sku.sku, units.valueAsNumber, requestId)
      await live.now()
    },
  })
  if (isDone) notices.done(`${counted(units.valueAsNumber, 'unit')} added to ${sku.sku}.`)
}

/** @param {BoardSku} sku */
export function priceOf({ priceMinor, currency }) {
  return price(priceMinor, currency)
}
