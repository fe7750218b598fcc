// @ts-check
/** @import { Eta, Odds } from '../../protocol/results.ts' */

const numbers = new Intl.NumberFormat('en')

/** @param {number} count */
export function digits(count) {
  return numbers.format(count)
}

/**
 * @param {number} count
 * @param {string} one
 * @param {string} many
 */
export function counted(count, one, many) {
  return `${digits(count)} ${count === 1 ? one : many}`
}

/**
 * @param {number} minor
 * @param {string} currency
 */
export function price(minor, currency) {
  const format = new Intl.NumberFormat('en', { style: 'currency', currency })
  return format.format(minor / 10 ** (format.resolvedOptions().maximumFractionDigits ?? 2))
}

/**
 * A countdown: `0:47`, `12:05`, `3:04:05`. Rounded up, so that it shows 0:00 only when the time is over.
 * @param {number} ms
 */
export function clockTime(ms) {
  const seconds = Math.max(0, Math.ceil(ms / 1000))
  const h = Math.floor(seconds / 3600)
  const m = Math.floor((seconds % 3600) / 60)
  const s = String(seconds % 60).padStart(2, '0')
  return h > 0 ? `${h}:${String(m).padStart(2, '0')}:${s}` : `${m}:${s}`
}

/**
 * How long the wait will be, no more exactly than it is known.
 * @param {Eta} eta
 */
export function waitInWords(eta) {
  if (eta === null) return 'We cannot say yet how long it will take.'
  const [usual, long] = eta
  if (long < 10) return 'A few seconds.'
  if (long < 60) return 'Less than a minute.'
  const from = Math.max(1, Math.round(usual / 60))
  const to = Math.max(from, Math.ceil(long / 60))
  if (to > 120) return 'More than two hours.'
  return from === to ? `About ${counted(to, 'minute', 'minutes')}.` : `About ${from} to ${to} minutes.`
}

/**
 * A time that is promised: rounded down, so that it is never more than it is.
 * @param {number} ms
 */
export function timeInWords(ms) {
  const seconds = Math.floor(ms / 1000)
  const minutes = Math.floor(seconds / 60)
  if (seconds < 120 && seconds % 60 !== 0) return counted(seconds, 'second', 'seconds')
  if (minutes < 120) return counted(minutes, 'minute', 'minutes')
  return counted(Math.floor(minutes / 60), 'hour', 'hours')
}

/**
 * For how long a place in line waits for someone who is away; empty where the server does not say.
 * @param {number | undefined} absenceMs 0 is for ever
 */
export function keptInWords(absenceMs) {
  if (absenceMs === undefined) return ''
  if (absenceMs === 0) return 'You may close this page: your place is kept, however long you are away.'
  return `You may close this page: we keep your place for ${timeInWords(absenceMs)}.`
}

/**
 * What the chances are, said honestly.
 * @param {Odds} odds
 */
export function oddsInWords(odds) {
  return oddsWords[odds]
}

/** @type {Readonly<Record<Odds, string>>} */
const oddsWords = {
  likely: 'You will most likely get one.',
  unlikely: 'You may not get one: that depends on how many others let theirs go.',
  none: 'You will almost certainly not get one. We keep your place in case many ahead of you change their minds.',
}
