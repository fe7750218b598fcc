import type { Outlook } from '../../protocol/broadcast.ts'
import type { EstimateCounts } from '../estimate-counts.ts'
import { holdSteps } from './hold-flow.ts'
import { knownLeast, type LineForecast } from './line-forecast.ts'
import { outlookOf } from './line-outlook.ts'
import type { SkuState } from './sku-state.ts'
import { ToldPlaces } from './told-places.ts'

/** Between two outlooks of a line. */
const everyMs = 1_000
/** Places from the head on whose quantities are looked at; the rest of the line is taken to be like them. */
const placesLookedAt = 64
/** Takes so much waiting without a leaver for granted, so that the first one does not stand for many. */
const patientMs = 60_000

/**
 * What an owner says of a SKU's line, worked out anew once a second while the SKU is open and people wait, from the state that `evolve` keeps. Of its own it has
 * only how fast people leave and {@link ToldPlaces}; a next owner learns both again.
 */
export class SkuOutlook {
  outlook: Outlook | undefined
  private readonly told = new ToldPlaces()
  private readonly unitsUpTo = new Float64Array(placesLookedAt)
  private madeAt = 0
  private leaves = 0
  private waitedMs = 0
  private lookedAt = 0

  /** Once a broadcast, before its changes are put away. */
  look(sku: SkuState, counts: EstimateCounts, now: number): void {
    const elapsed = this.lookedAt === 0 ? 0 : now - this.lookedAt
    this.lookedAt = now
    const kept = 0.5 ** (elapsed / (sku.flow.stepMs * holdSteps))
    this.leaves = this.leaves * kept + sku.changes.gaveUp
    this.waitedMs = this.waitedMs * kept + sku.line.size * elapsed
    if (sku.changes.any) this.told.look(sku, now, counts)
    if (!canTell(sku)) this.outlook = undefined
  }

  isDue(sku: SkuState, now: number): boolean {
    return canTell(sku) && (this.outlook === undefined || now - this.madeAt >= everyMs)
  }

  /** False if nothing is known yet. */
  make(sku: SkuState, forecast: LineForecast, now: number): boolean {
    this.madeAt = now
    const { flow } = sku
    const { mean, clump } = this.lookAtLine(sku)
    const rate = sku.settings.grantsPerSecond
    forecast.make({
      flow,
      holdClock: sku.holdClock(now),
      orderClock: now - sku.orderShiftMs,
      available: sku.available,
      grantsPerStep: rate === 0 ? Infinity : (rate * flow.stepMs * mean) / 1_000,
      unitsPerClaim: clump,
      leavesPerStep: (this.leaves / (this.waitedMs + patientMs)) * flow.stepMs,
    })
    if (forecast.known < knownLeast && (rate === 0 || sku.available === 0)) {
      this.outlook = undefined
      return false
    }
    const looked = Math.min(placesLookedAt, sku.line.size)
    const unitsUpTo = (ahead: number): number => {
      const within = Math.min(ahead, looked - 1)
      return (this.unitsUpTo[within] as number) + (ahead - within) * mean
    }
    this.outlook = outlookOf(forecast, { waiting: sku.line.size, unitsUpTo, halfClaim: clump / 2 }, this.told.levels)
    this.told.take(sku, this.outlook, now)
    return true
  }

  /** Fills `unitsUpTo`; units of a ticket on average, and of the ticket that a unit belongs to. */
  private lookAtLine({ line, users }: SkuState): { readonly mean: number; readonly clump: number } {
    let [units, squares, count] = [0, 0, 0]
    for (let claim = line.first(); claim >= 0 && count < placesLookedAt; claim = line.nextFrom(claim + 1)) {
      const qty = users.qty(users.rowOf(claim))
      units += qty
      squares += qty * qty
      this.unitsUpTo[count++] = units
    }
    return { mean: units / count, clump: squares / units }
  }
}

/** Nobody knows when a pause ends, and where nobody waits there is nobody to tell. */
function canTell(sku: SkuState): boolean {
  return sku.phase === 'open' && sku.line.size > 0
}
