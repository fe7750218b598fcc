// @ts-check

const numbers = new Intl.NumberFormat('en')
const oneDigit = new Intl.NumberFormat('en', { minimumFractionDigits: 1, maximumFractionDigits: 1 })

/** @param {number} count */
export function digits(count) {
  return numbers.format(count)
}

/**
 * @param {number} count
 * @param {string} one
 * @param {string} [many]
 */
export function counted(count, one, many = `${one}s`) {
  return `${digits(count)} ${count === 1 ? one : many}`
}

/**
 * Per second: exact where it is small, whole where it is large; a dash where it is not known.
 * @param {number | undefined} rate
 */
export function rateText(rate) {
  if (rate === undefined) return '–'
  return rate > 0 && rate < 100 ? oneDigit.format(rate) : digits(Math.round(rate))
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
 * How many minor units of a currency are one of its whole units.
 * @param {string} currency
 */
export function minorPerUnit(currency) {
  try {
    return 10 ** (new Intl.NumberFormat('en', { style: 'currency', currency }).resolvedOptions().maximumFractionDigits ?? 2)
  } catch {
    // Not a currency yet: it is still being typed.
    return 100
  }
}

const time = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', second: '2-digit' })
const day = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short', year: 'numeric' })

/**
 * The time of day, with the day unless it is today.
 * @param {number} at
 * @param {number} [now]
 */
export function timeText(at, now = Date.now()) {
  const isToday = new Date(at).toDateString() === new Date(now).toDateString()
  return isToday ? time.format(at) : `${day.format(at)}, ${time.format(at)}`
}

/** @param {number} ms */
export function durationText(ms) {
  const seconds = Math.max(0, Math.round(ms / 1000))
  if (seconds < 120) return counted(seconds, 'second')
  const minutes = Math.round(seconds / 60)
  if (minutes < 120) return counted(minutes, 'minute')
  const hours = Math.round(minutes / 60)
  return hours < 48 ? counted(hours, 'hour') : counted(Math.round(hours / 24), 'day')
}

/** @param {readonly { readonly available: number, readonly held: number, readonly ordered: number, readonly sold: number, readonly waiting: number }[]} skus */
export function sumOf(skus) {
  const sum = { available: 0, held: 0, ordered: 0, sold: 0, waiting: 0 }
  for (const { available, held, ordered, sold, waiting } of skus) {
    sum.available += available
    sum.held += held
    sum.ordered += ordered
    sum.sold += sold
    sum.waiting += waiting
  }
  return sum
}
