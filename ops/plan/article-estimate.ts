/** The rule of thumb of the article that this engine answers, as it is written there. */
export interface ArticleEstimate {
  /** `(total x 50 %) / (60 x 2) x 5`. What it divides by are minutes, so this is a figure per minute, though it is often read as one per second. */
  readonly perMinute: number
  readonly perSecond: number
  /** A fifth of it buys. */
  readonly purchasesPerSecond: number
}

/** Half of a day's visitors come within two hours, and at the peak five times as many as on average. */
const halfOfDay = 0.5
const peakMinutes = 60 * 2
const peakTimes = 5
const purchaseShare = 0.2

export function articleEstimate(dailyVisits: number): ArticleEstimate {
  const perMinute = ((dailyVisits * halfOfDay) / peakMinutes) * peakTimes
  return { perMinute, perSecond: perMinute / 60, purchasesPerSecond: (perMinute / 60) * purchaseShare }
}
