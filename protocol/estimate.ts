import type { Outlook, SkuNumbers } from './broadcast.ts'
import type { Eta, Odds } from './results.ts'

/**
 * When a place in line is served, if it is, as `[p50, p90]` seconds: read from the {@link Outlook} that the SKU's owner works out about once a second, so
 * that everybody says the same. Null without one, and for places that will hardly be served.
 */
export function estimateEta(ahead: number, outlook: Outlook | undefined): Eta {
  if (!hasEta(ahead, outlook)) return null
  return [etaP50(ahead, outlook), etaP90(ahead, outlook)]
}

/** A time can be told. Apart from {@link estimateEta}, as the two numbers are, for the hot path, which makes no arrays. */
export function hasEta(ahead: number, outlook: Outlook | undefined): outlook is Outlook {
  return outlook !== undefined && outlook.ahead.length > 0 && ahead < outlook.none
}

/** Half of all cases are within it, so it is rounded to the nearest. */
export function etaP50(ahead: number, outlook: Outlook): number {
  return Math.min(Math.round(secondsOf(ahead, outlook, outlook.p50)), etaMaxSeconds)
}

export function etaP90(ahead: number, outlook: Outlook): number {
  return Math.min(Math.ceil(secondsOf(ahead, outlook, outlook.p90)), etaMaxSeconds)
}

/** One of the two numbers of a place: between those of the places that the outlook names, in proportion. */
function secondsOf(ahead: number, outlook: Outlook, seconds: readonly number[]): number {
  const places = outlook.ahead
  let low = 0
  let high = places.length - 1
  if (ahead >= (places[high] as number)) return seconds[high] as number
  while (high - low > 1) {
    const middle = (low + high) >>> 1
    if ((places[middle] as number) <= ahead) low = middle
    else high = middle
  }
  const [from, to] = [places[low] as number, places[high] as number]
  const part = to > from ? Math.max(0, ahead - from) / (to - from) : 0
  return (seconds[low] as number) + part * ((seconds[high] as number) - (seconds[low] as number))
}

/** A year: nobody waits that long, and answers carry the figure in 32 bits. */
export const etaMaxSeconds = 365 * 86_400

/**
 * Whether a place in line will be served: `likely` and `none` reach as far as the outlook says; without one the guess is that one open unit in five
 * comes back. While no unit is free or can come free, no place is served.
 */
export function estimateOdds(ahead: number, numbers: Pick<SkuNumbers, 'available' | 'held' | 'ordered' | 'outlook'>): Odds {
  return oddsOf(ahead, numbers.available, numbers.held + numbers.ordered, numbers.outlook)
}

/** The same of plain numbers; `open` are units held or on order. */
export function oddsOf(ahead: number, available: number, open: number, outlook: Outlook | undefined): Odds {
  if (available + open === 0) return 'none'
  if (outlook === undefined) return ahead < available + open * guessedReturnShare ? 'likely' : 'unlikely'
  if (ahead < outlook.likely) return 'likely'
  return ahead < outlook.none ? 'unlikely' : 'none'
}

const guessedReturnShare = 0.2
