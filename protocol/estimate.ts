import type { SkuNumbers } from './broadcast.ts'
import type { Eta, Odds } from './results.ts'

/**
 * When a place in line is served, as `[p50, p90]` seconds: people ahead over the measured serving rate, with a spread that shrinks as the number
 * of servings behind the estimate grows (the time until the n-th of random servings has a deviation of sqrt(n) servings).
 */
export function estimateEta(ahead: number, servedPerSecond: number): Eta {
  return isServed(servedPerSecond) ? [etaP50(ahead, servedPerSecond), etaP90(ahead, servedPerSecond)] : null
}

/** Fast enough to be told. Apart from {@link estimateEta}, as the two numbers are, for the hot path, which makes no arrays. */
export function isServed(servedPerSecond: number): boolean {
  return servedPerSecond > 0.001
}

export function etaP50(ahead: number, servedPerSecond: number): number {
  return Math.min(Math.ceil((ahead + 1) / servedPerSecond), etaMaxSeconds)
}

export function etaP90(ahead: number, servedPerSecond: number): number {
  const servings = ahead + 1
  return Math.min(Math.ceil((servings + 1.28 * Math.sqrt(servings) + 1) / servedPerSecond), etaMaxSeconds)
}

/** A year: nobody waits that long, and answers carry the figure in 32 bits. */
const etaMaxSeconds = 365 * 86_400

/**
 * Whether a place in line will be served: `likely` if the units that are free, or come free at the measured share of holds that end without a
 * sale, reach it; `none` if no unit is free or can come free. One unit can come free more than once, so while there is one no place is hopeless.
 */
export function estimateOdds(ahead: number, numbers: Pick<SkuNumbers, 'available' | 'held' | 'ordered' | 'releaseShare'>): Odds {
  return oddsOf(ahead, numbers.available, numbers.held + numbers.ordered, numbers.releaseShare)
}

/** The same of plain numbers; `open` are units held or on order. */
export function oddsOf(ahead: number, available: number, open: number, releaseShare: number): Odds {
  if (available + open === 0) return 'none'
  return ahead < available + open * releaseShare ? 'likely' : 'unlikely'
}
