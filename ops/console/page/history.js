// @ts-check
/** @import { Board, Figures } from '../board.ts' */
import { sumOf } from './words.js'

/** @typedef {ReturnType<typeof sumOf>} Stock */
/**
 * @typedef {object} Moment
 * @property {number} at ms since 1970, by the server
 * @property {Figures} figures
 * @property {string} node the process that these figures are of, in one of its runs
 * @property {Stock} all of all sales together
 * @property {ReadonlyMap<string, Stock>} sales
 */

/** Ten minutes, at a look each second. */
const momentsMax = 600
/** Of each moment; those that are on come first. */
const salesMax = 50
/** Over which a rate of now is taken. */
const rateMs = 5_000

/** What this page has seen in its last ten minutes. It is gone with the page: Prometheus is for what was before. */
export class History {
  /** @type {Moment[]} */
  moments = []

  /** @param {Board} board */
  add({ now, figures, process, sales }) {
    const last = this.moments.at(-1)
    // The server's clock was set back, or another process answers: what was before cannot be compared.
    if (last !== undefined && (now < last.at || last.node !== process.node)) this.moments = []
    const stocks = sales.slice(0, salesMax).map(({ sale, skus }) => /** @type {const} */ ([sale, sumOf(skus)]))
    this.moments.push({ at: now, figures, node: process.node, all: sumOf(sales.flatMap(({ skus }) => skus)), sales: new Map(stocks) })
    if (this.moments.length > momentsMax) this.moments.shift()
  }

  /**
   * How fast a counter has risen of late, per second; undefined while nothing can be said.
   * @param {(moment: Moment) => number} count
   */
  rate(count) {
    const to = this.moments.at(-1)
    const from = this.moments.find(({ at }) => to !== undefined && at >= to.at - rateMs)
    if (to === undefined || from === undefined || from === to) return undefined
    return perSecond(from, to, count)
  }

  /**
   * The rate at each moment, over the second before it.
   * @param {(moment: Moment) => number} count
   * @returns {(number | null)[]}
   */
  rates(count) {
    return this.moments.map((to, i) => {
      const from = this.moments[i - 1]
      return from === undefined ? null : perSecond(from, to, count)
    })
  }

  /** For the axis of a chart: seconds since 1970. */
  times() {
    return this.moments.map(({ at }) => at / 1000)
  }
}

/**
 * @param {Moment} from
 * @param {Moment} to
 * @param {(moment: Moment) => number} count
 */
function perSecond(from, to, count) {
  const ms = to.at - from.at
  return ms <= 0 ? 0 : Math.max(0, ((count(to) - count(from)) * 1000) / ms)
}

/**
 * Calls that came to a result, and those that were refused.
 * @param {Moment} moment
 */
export function callsIn({ figures }) {
  let answered = 0
  let refused = 0
  for (const { code, count } of figures.calls) {
    if (code === 'OK') answered += count
    else refused += count
  }
  return { answered, refused }
}
