import type { SeededChance } from './seeded-chance.ts'

/** Times as people and servers take them, drawn from a seed. */

export function between(random: SeededChance, least: number, most: number): number {
  return least + random.next() * (most - least)
}

/** Between the two, each order of magnitude as likely. */
export function scaled(random: SeededChance, least: number, most: number): number {
  return least * (most / least) ** random.next()
}

export function exponential(random: SeededChance, mean: number): number {
  return -mean * Math.log(1 - random.next())
}

/** `spread` is the deviation of the logarithm: 0.3 is narrow, 1.5 has a heavy tail. */
export function logNormal(random: SeededChance, median: number, spread: number): number {
  return median * Math.exp(spread * normal(random))
}

/** The heavy tail itself: with `shape` 1 it has no mean. */
export function pareto(random: SeededChance, least: number, shape: number): number {
  return least * (1 - random.next()) ** (-1 / shape)
}

/** Source: Box and Muller, 1958. */
function normal(random: SeededChance): number {
  return Math.sqrt(-2 * Math.log(1 - random.next())) * Math.cos(2 * Math.PI * random.next())
}
