// @ts-check
/** @import { Product } from './product-state.js' */
import { shownState, wasAway } from './product-state.js'
import { clockTime, digits, oddsInWords, waitInWords } from './words.js'

const shopName = 'Giusto'
const lineNewsGapMs = 20_000

/**
 * Tells people who are not looking: through the tab's title, the phone's vibration and the screen reader. `alarm` interrupts and is for
 * "your turn" alone; everything else waits for a pause, and the place in line is said only now and then.
 */
export class Attention {
  #announcer
  #alarm
  /** @type {Map<string, string>} */
  #last = new Map()
  /** @type {Map<string, { ahead: number, at: number }>} */
  #lineTold = new Map()

  /**
   * @param {HTMLElement} announcer a polite live region
   * @param {HTMLElement} alarm an alert
   */
  constructor(announcer, alarm) {
    this.#announcer = announcer
    this.#alarm = alarm
  }

  /**
   * @param {readonly Product[]} products
   * @param {number} now
   */
  update(products, now) {
    const title = titleOf(products, now)
    if (document.title !== title) document.title = title
    const news = products.flatMap((product) => [this.#change(product), this.#place(product, now)]).filter((text) => text !== '')
    // When the sale opens or pauses, every product has the same news.
    if (news.length > 0) this.#announcer.textContent = [...new Set(news)].join(' ')
  }

  /**
   * What changed with this product, in words; empty if nothing did.
   * @param {Product} product
   */
  #change(product) {
    const { sku, title } = product.info
    const shown = wasAway(product.claim) ? 'away' : shownState(product)
    const before = this.#last.get(sku)
    this.#last.set(sku, shown)
    if (before === undefined || before === shown) return ''
    if (shown !== 'held') return changeInWords(shown, title)
    this.#alarm.textContent = `It’s your turn: one ${title} is reserved for you. Pay before the time is up.`
    vibrate()
    return ''
  }

  /**
   * The place in the line, if it should be said again.
   * @param {Product} product
   * @param {number} now
   */
  #place({ info, claim }, now) {
    if (claim.state !== 'queued') {
      this.#lineTold.delete(info.sku)
      return ''
    }
    const told = this.#lineTold.get(info.sku)
    if (told !== undefined && (claim.ahead >= told.ahead || now - told.at < lineNewsGapMs)) return ''
    this.#lineTold.set(info.sku, { ahead: claim.ahead, at: now })
    return `${info.title}: ${digits(claim.ahead)} ahead of you. ${told === undefined ? oddsInWords(claim.odds) : waitInWords(claim.eta)}`
  }
}

/**
 * @param {readonly Product[]} products
 * @param {number} now
 */
function titleOf(products, now) {
  for (const { info, claim } of products) {
    if (claim.state === 'held') return `Your turn: ${info.title}, ${clockTime(claim.expiresAt - now)} left`
  }
  for (const { info, claim } of products) {
    if (claim.state === 'queued') return `${digits(claim.ahead)} ahead: ${info.title} · ${shopName}`
  }
  const inDraw = products.find(({ claim }) => claim.state === 'lobby')
  if (inDraw !== undefined) return `In the draw: ${inDraw.info.title} · ${shopName}`
  const opensAt = products[0]?.info.opensAt ?? 0
  if (products[0]?.status.state === 'scheduled' && opensAt > now) return `${clockTime(opensAt - now)} · ${shopName}`
  return `${shopName}: five slow things, one quick sale`
}

/**
 * @param {string} shown
 * @param {string} title
 */
function changeInWords(shown, title) {
  switch (shown) {
    case 'open':
      return 'The sale is open.'
    case 'lobby':
      return `${title}: you are in the draw. It makes no difference when you came.`
    case 'away':
      return `${title}: you were away for too long, and your place was given up.`
    case 'pending':
      return `${title}: payment under way.`
    case 'paid':
      return `${title} is yours. Thank you.`
    case 'overdue':
      return `${title}: your bank has not answered in time. We are checking your payment.`
    case 'declined':
      return `${title}: the card was declined. Nothing was charged.`
    case 'refunded':
      return `${title} went to someone else. You get your money back.`
    case 'expired':
      return `${title}: your time ran out.`
    case 'soldout':
      return `${title} is sold out.`
    case 'paused':
      return 'The sale is paused.'
    default:
      return ''
  }
}

/** Browsers refuse this, with a warning, to pages that were never touched. */
function vibrate() {
  if ('vibrate' in navigator && navigator.userActivation?.hasBeenActive) navigator.vibrate([180, 90, 180])
}
