import type { SkuView } from '../../gateway/sku-view.ts'
import { estimateEta, estimateOdds } from '../../protocol/estimate.ts'
import type { Eta, Odds } from '../../protocol/results.ts'
import type { SeededChance } from './seeded-chance.ts'

/** What a waiting ticket was told at a moment, in ms since the opening. */
export interface Asked {
  readonly claim: number
  readonly atMs: number
  readonly ahead: number
  readonly eta: Eta
  readonly odds: Odds
}

/** Places that are asked about at one moment, from the head of the line to its end, each order of magnitude as likely. */
const placesAtOnce = 8

/** Asks at regular moments for places of a line what a gateway tells them. */
export class PlaceQuestions {
  readonly asked: Asked[] = []
  private readonly chance: SeededChance
  private readonly everyMs: number
  private nextAt: number

  constructor(chance: SeededChance, everyMs: number) {
    this.chance = chance
    this.everyMs = everyMs
    this.nextAt = everyMs
  }

  ask(view: SkuView, atMs: number): void {
    if (atMs < this.nextAt) return
    this.nextAt += this.everyMs
    const waiting = claimsOf(view)
    for (let i = 0; i < placesAtOnce; i++) {
      const ahead = Math.min(waiting.length - 1, Math.floor((waiting.length + 1) ** this.chance.next() - 1))
      const claim = waiting[ahead]
      if (claim === undefined) continue
      const { numbers } = view
      this.asked.push({ claim, atMs, ahead, eta: estimateEta(ahead, numbers.outlook), odds: estimateOdds(ahead, numbers) })
    }
  }
}

function claimsOf({ line }: SkuView): number[] {
  const claims: number[] = []
  for (let claim = line.first(); claim >= 0; claim = line.nextFrom(claim + 1)) claims.push(claim)
  return claims
}
