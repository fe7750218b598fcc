import type { PlayedSale } from './sale-play.ts'

/** How what was told in one or several sales compares with what then happened. Shares are of 1. */
export interface Calibration {
  readonly sales: number
  /** Sales in which somebody who was told a time was served. */
  readonly judged: number
  /** Told times of places that were served, and the share of questions about such places that were answered with one. */
  readonly told: number
  readonly toldShare: number
  readonly insideP50: number
  readonly insideP90: number
  /** Median of the told p90 over the real wait, and of the width p90 - p50 over it: a year would hold every truth. */
  readonly p90OverWait: number
  readonly widthOverWait: number
  /** Mean loss of the two told numbers in parts of the mean wait: grows both with what falls outside and with width. */
  readonly loss: number
  /** Of places that were told so: the share that was served, and how many were told. */
  readonly likelyServed: number
  readonly unlikelyServed: number
  readonly noneServed: number
  readonly oddsTold: { readonly likely: number; readonly unlikely: number; readonly none: number }
}

/** One told time and the wait that it was about, in seconds. */
interface Judged {
  readonly p50: number
  readonly p90: number
  readonly wait: number
  /** So that each sale counts the same, however long it took. */
  readonly weight: number
}

export function calibrationOf(sales: readonly PlayedSale[]): Calibration {
  const judged: Judged[] = []
  const odds = { likely: [0, 0], unlikely: [0, 0], none: [0, 0] }
  let [questions, judgedSales] = [0, 0]
  for (const sale of sales) {
    const of = judgedOf(sale)
    questions += of.questions
    if (of.judged.length > 0) judgedSales++
    for (const one of of.judged) judged.push({ ...one, weight: 1 / of.judged.length })
    for (const { told, isServed } of oddsOfSale(sale)) {
      odds[told][0] = (odds[told][0] ?? 0) + 1
      if (isServed) odds[told][1] = (odds[told][1] ?? 0) + 1
    }
  }
  const weight = judged.reduce((sum, one) => sum + one.weight, 0)
  const mean = (of: (one: Judged) => number): number => judged.reduce((sum, one) => sum + one.weight * of(one), 0) / weight
  return {
    sales: sales.length,
    judged: judgedSales,
    told: judged.length,
    toldShare: judged.length / questions,
    insideP50: mean((one) => (one.wait <= one.p50 ? 1 : 0)),
    insideP90: mean((one) => (one.wait <= one.p90 ? 1 : 0)),
    p90OverWait: medianOf(judged.map((one) => one.p90 / Math.max(1, one.wait))),
    widthOverWait: medianOf(judged.map((one) => (one.p90 - one.p50) / Math.max(1, one.wait))),
    loss: mean((one) => pinball(one.wait, one.p50, 0.5) + pinball(one.wait, one.p90, 0.9)) / mean((one) => one.wait),
    likelyServed: share(odds.likely),
    unlikelyServed: share(odds.unlikely),
    noneServed: share(odds.none),
    oddsTold: { likely: odds.likely[0] ?? 0, unlikely: odds.unlikely[0] ?? 0, none: odds.none[0] ?? 0 },
  }
}

/** From the first tenth of the sale on. */
function isIn(sale: PlayedSale, atMs: number): boolean {
  return atMs >= sale.endedAt / 10
}

function judgedOf(sale: PlayedSale): { readonly questions: number; readonly judged: readonly Omit<Judged, 'weight'>[] } {
  const judged: Omit<Judged, 'weight'>[] = []
  let questions = 0
  for (const { claim, atMs, eta } of sale.asked) {
    const servedAt = sale.servedAt.get(claim)
    // A time is told for the case that the place is served: whoever is not, or leaves before, says nothing of it.
    if (servedAt === undefined || !isIn(sale, atMs)) continue
    questions++
    if (eta !== null) judged.push({ p50: eta[0], p90: eta[1], wait: (servedAt - atMs) / 1_000 })
  }
  return { questions, judged }
}

function oddsOfSale(sale: PlayedSale): readonly { readonly told: 'likely' | 'unlikely' | 'none'; readonly isServed: boolean }[] {
  return sale.asked
    .filter(({ claim, atMs }) => isIn(sale, atMs) && !sale.gone.has(claim))
    .map(({ claim, odds }) => ({ told: odds, isServed: sale.servedAt.has(claim) }))
}

/** Source: Koenker and Bassett, 1978. */
function pinball(truth: number, told: number, quantile: number): number {
  return truth >= told ? quantile * (truth - told) : (1 - quantile) * (told - truth)
}

function share([all = 0, some = 0]: readonly number[]): number {
  return some / all
}

function medianOf(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN
}
