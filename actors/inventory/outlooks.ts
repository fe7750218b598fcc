import type { OwnedSku } from './decide-claim.ts'
import { LineForecast } from './line-forecast.ts'

/** Outlooks that one broadcast makes: about a millisecond. With more lines than that, each comes less often. */
const madeMax = 8

/** Makes the outlooks of a shard's lines, in turns. */
export class Outlooks {
  private readonly forecast = new LineForecast()
  private next = 0

  /** Makes those that are due, as many as a broadcast may; returns the SKUs, by index, that have a new one. */
  renew(owned: readonly OwnedSku[], now: number): ReadonlySet<number> {
    const renewed = new Set<number>()
    let made = 0
    for (let looked = 0; looked < owned.length && made < madeMax; looked++) {
      const one = owned[this.next % owned.length]
      this.next = (this.next + 1) % owned.length
      if (one === undefined || !one.line.isDue(one.sku, now)) continue
      made++
      if (one.line.make(one.sku, this.forecast, now)) renewed.add(one.sku.index)
    }
    return renewed
  }
}
