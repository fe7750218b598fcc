import type { SkuNumbers } from './broadcast.ts'
import type { Eta, Odds } from './results.ts'

/**
 * When a place in line is served, as `[p50, p90]` seconds: people ahead over the measured serving rate, with a spread that shrinks as the number
 * of servings behind the estimate grows (the time until the n-th of random servings has a deviation of sqrt(n) servings).
 */
export function estimateEta(ahead: number, servedPerSecond: number): Eta {
  if (servedPerSecond <= 0.001) return null
  const servings = ahead + 1
  const p50 = servings / servedPerSecond
  const p90 = (servings + 1.28 * Math.sqrt(servings) + 1) / servedPerSecond
  return [Math.ceil(p50), Math.ceil(p90)]
}

/**
 * Whether a place in line will be served: `likely` if the units that are free, or come free at the measured share of holds that end without a
 * sale, reach it; `none` if no unit is free or can come free. One unit can come free more than once, so while there is one no place is hopeless.
 */
export function estimateOdds(ahead: number, numbers: Pick<SkuNumbers, 'available' | 'held' | 'ordered' | 'releaseShare'>): Odds {
  const { available, held, ordered, releaseShare } = numbers
  const open = held + ordered
  if (available + open === 0) return 'none'
  return ahead < available + open * releaseShare ? 'likely' : 'unlikely'
}
