import type { Rates } from './window-rates.ts'

/** One window in which a node was scraped, and one in which it was not. */
export interface Pair {
  readonly scraped: Rates
  readonly alone: Rates
}

/** What being scraped costs, as a share of the rate without it; negative where it seemed faster. */
export interface Cost {
  readonly pairs: number
  readonly mean: number
  /** It is no more than this in 95 of 100 cases. */
  readonly bound95: number
  /** Of calls, without it. */
  readonly rate: number
}

/** One-sided quantile of the normal distribution. */
const z95 = 1.6449

/**
 * The mean of the logarithms of the pairs' ratios, and Student's bound for it: pairs differ by chance, and a ratio that is half as large is as far away as one that is twice as
 * large. Pairs with a window in which nothing was answered, because the machine stood still, are left out. Throws with fewer than two that are left.
 */
export function costOf(measured: readonly Pair[], rate: keyof Rates): Cost {
  const pairs = measured.filter(({ scraped, alone }) => scraped[rate] > 0 && alone[rate] > 0)
  if (pairs.length < 2) throw new Error('a bound needs two pairs or more')
  const logs = pairs.map(({ scraped, alone }) => Math.log(scraped[rate] / alone[rate]))
  const mean = average(logs)
  const variance = logs.reduce((sum, one) => sum + (one - mean) ** 2, 0) / (logs.length - 1)
  const lowest = mean - studentOf(logs.length - 1) * Math.sqrt(variance / logs.length)
  return {
    pairs: pairs.length,
    mean: 1 - Math.exp(mean),
    bound95: 1 - Math.exp(lowest),
    rate: Math.round(average(pairs.map(({ alone }) => alone[rate]))),
  }
}

/** Student's quantile from the normal one: within a percent from five degrees of freedom on (Abramowitz and Stegun, 26.7.5). */
function studentOf(degrees: number): number {
  const first = (z95 ** 3 + z95) / 4 / degrees
  const second = (5 * z95 ** 5 + 16 * z95 ** 3 + 3 * z95) / 96 / degrees ** 2
  return z95 + first + second
}

function average(values: readonly number[]): number {
  return values.reduce((sum, one) => sum + one, 0) / values.length
}
