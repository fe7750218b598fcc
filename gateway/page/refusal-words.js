// @ts-check
import { SluiceError } from '../../protocol/client/index.js'

/** @typedef {import('../../protocol/client/index.js').Code} Code */

/**
 * Why a call was refused, for the person who made it.
 * @param {unknown} error
 * @returns {{ readonly code: Code, readonly text: string }}
 */
export function refusalInWords(error) {
  // Calls reject with nothing else, so another error is a bug of this page: it belongs into the browser's log, not into the shop.
  if (!(error instanceof SluiceError)) throw error
  return { code: error.code, text: textOf(error) }
}

/** @param {SluiceError} error */
function textOf({ code, message }) {
  switch (code) {
    case 'NOT_OPEN':
      return 'A moment too early. Try again as soon as it opens.'
    case 'PAUSED':
      return 'The sale takes a short break. Try again when it goes on.'
    case 'LINE_FULL':
      return 'The line takes no more people for now. Try again in a while.'
    case 'RATE_LIMITED':
      return 'That was too quick. Wait a moment and try again.'
    case 'BUSY':
      return 'Very many people are asking at once. Nothing was done; try again in a moment.'
    case 'TIMEOUT':
    case 'UNAVAILABLE':
      return 'No answer came in time. Whatever you have is kept; try again in a moment.'
    default:
      return message
  }
}
