import type { Outlook } from '../../protocol/broadcast.ts'
import { estimateEta } from '../../protocol/estimate.ts'
import { mix32 } from '../../protocol/hash.ts'
import type { EstimateCounts } from '../estimate-counts.ts'
import { claimState } from './claim.ts'
import type { SkuState } from './sku-state.ts'

/** Where the two numbers are read from a forecast, in deviations from what it expects: 0 and 1.28 of a forecast that is right. */
export interface Levels {
  p50: number
  p90: number
}

/** Places of one SKU whose outcome is waited for. */
const placesMax = 32
/** How far one outcome moves a level. */
const gain = 0.05

interface ToldPlace {
  readonly claim: number
  readonly at: number
  readonly p50Ms: number
  readonly p90Ms: number
  readonly isLikely: boolean
}

/**
 * A few places of a line with what was told of them, until it is known what became of them. They say how good the estimates are, and move the levels at which
 * the next ones are read: further out after a truth that fell outside, a little nearer after each that did not. Source of the second: adaptive conformal
 * inference (Gibbs and Candes, 2021). Kept by the owner alone, who begins with the usual levels.
 */
export class ToldPlaces {
  /** The first ones were found on the sales that `npm run bench:eta -- --tuning` plays. */
  readonly levels: Levels = { p50: -0.1, p90: 1.05 }
  private places: ToldPlace[] = []

  /** Remembers what is told of one more place, from the head to the end of the line, each order of magnitude as likely. */
  take(sku: SkuState, outlook: Outlook, now: number): void {
    if (this.places.length >= placesMax) return
    const chance = mix32((now ^ sku.skuHash) >>> 0) / 2 ** 32
    const ahead = Math.floor((sku.line.size + 1) ** chance - 1)
    const eta = estimateEta(ahead, outlook)
    const claim = sku.line.numberAt(ahead)
    if (eta === null || claim < 0) return
    this.places.push({ claim, at: now, p50Ms: eta[0] * 1_000, p90Ms: eta[1] * 1_000, isLikely: ahead < outlook.likely })
  }

  /** Looks at what became of them since the last time. */
  look({ line, users }: SkuState, now: number, counts: EstimateCounts): void {
    const open: ToldPlace[] = []
    for (const place of this.places) {
      if (line.has(place.claim)) {
        open.push(place)
        continue
      }
      const row = users.rowOf(place.claim)
      const state = row < 0 ? claimState.none : users.state(row)
      if (state === claimState.held || state === claimState.pending) this.served(place, now, counts)
      if (state === claimState.soldout) countOdds(counts, place.isLikely, 0)
    }
    this.places = open
  }

  private served({ at, p50Ms, p90Ms, isLikely }: ToldPlace, now: number, counts: EstimateCounts): void {
    const { levels } = this
    const isInP50 = now - at <= p50Ms
    const isInP90 = now - at <= p90Ms
    counts.served++
    if (isInP50) counts.insideP50++
    if (isInP90) counts.insideP90++
    countOdds(counts, isLikely, 1)
    levels.p50 = bounded(levels.p50 + gain * (isInP50 ? -0.5 : 0.5), -1, 1)
    levels.p90 = bounded(levels.p90 + gain * (isInP90 ? -0.1 : 0.9), 0, 4)
  }
}

function countOdds(counts: EstimateCounts, isLikely: boolean, served: 0 | 1): void {
  if (isLikely) {
    counts.likely++
    counts.likelyServed += served
  } else {
    counts.unlikely++
    counts.unlikelyServed += served
  }
}

function bounded(value: number, least: number, most: number): number {
  return Math.min(most, Math.max(least, value))
}
