import type { SkuChanges } from './sku-changes.ts'

const smoothingMs = 10_000

/**
 * How fast the line is served and how many holds end without a sale, smoothed over about ten seconds. Estimates only: not journaled, begun anew by
 * every owner.
 */
export class SkuRates {
  servedPerSecond = 0
  /** A guess until holds have ended: one in five comes back. */
  releaseShare = 0.2
  private lastAt = 0

  /** Takes in what happened since the last call. */
  update(changes: SkuChanges, now: number): void {
    const elapsed = now - this.lastAt
    if (this.lastAt > 0 && elapsed > 0) {
      const weight = 1 - Math.exp(-elapsed / smoothingMs)
      this.servedPerSecond += weight * ((changes.served * 1000) / elapsed - this.servedPerSecond)
    }
    this.lastAt = now
    const ended = changes.holdsSold + changes.holdsReleased
    if (ended > 0) this.releaseShare += (1 - Math.exp(-ended / 50)) * (changes.holdsReleased / ended - this.releaseShare)
  }
}
