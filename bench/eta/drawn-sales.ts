import { distributions } from './distributions.ts'
import { type PlayedSale, SalePlay } from './sale-play.ts'
import { SeededChance } from './seeded-chance.ts'

export interface DrawnSale {
  readonly name: string
  readonly played: PlayedSale
}

/** The sale with this number: the distributions take turns. The same for the same seed, whatever else is played. */
export function playDrawnSale(seed: number, names: readonly string[], number: number): DrawnSale {
  const distribution = distributions.find(({ name }) => name === names[number % names.length])
  if (distribution === undefined) throw new RangeError(`no distribution ${names[number % names.length]}`)
  const { name, draw } = distribution
  const chance = new SeededChance(seed, `${name} ${Math.floor(number / names.length)}`)
  return { name, played: new SalePlay(draw(chance.fork('plan')), chance.fork('play')).play() }
}
