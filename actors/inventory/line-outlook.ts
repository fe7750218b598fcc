import type { Outlook } from '../../protocol/broadcast.ts'
import { etaMaxSeconds } from '../../protocol/estimate.ts'
import { forecastSteps, type LineForecast } from './line-forecast.ts'
import type { Levels } from './told-places.ts'

/** Chances from which on, and below which, a place is told `likely` and `none`. */
const likelyChance = 0.8
const noneChance = 0.01
/** Places that an outlook names: each has a quarter more people ahead than the one before. */
const placesRatio = 1.25
const placesMax = 48

/** The line that an outlook is for. */
export interface OutlookLine {
  readonly waiting: number
  /** Units that a place and everyone ahead of it want. */
  readonly unitsUpTo: (ahead: number) => number
  /** Units come a claim at a time: half of one makes up for that (a continuity correction). */
  readonly halfClaim: number
}

/** What a forecast comes to for the places of a line. Times are for the case that the place is served at all. */
export function outlookOf(forecast: LineForecast, line: OutlookLine, levels: Levels): Outlook {
  const needOf = (place: number): number => line.unitsUpTo(place) - line.halfClaim
  const chanceOf = (place: number): number => chanceBy(forecast, forecastSteps - 1, needOf(place))
  const end = line.waiting + Math.ceil(line.waiting / 4) + 2
  const none = firstBelow(noneChance, end, chanceOf)
  const likely = firstBelow(likelyChance, none, chanceOf)
  const [usual, late] = [normalBelow(levels.p50), normalBelow(levels.p90)]
  const ahead: number[] = []
  const p50: number[] = []
  const p90: number[] = []
  for (let place = 0; ahead.length < placesMax && place < none; place = Math.max(place + 1, Math.round(place * placesRatio))) {
    const [need, chance] = [needOf(place), chanceOf(place)]
    const p50Seconds = Math.max(timeOf(forecast, need, chance * usual), p50.at(-1) ?? 0)
    ahead.push(place)
    p50.push(p50Seconds)
    p90.push(Math.max(timeOf(forecast, need, chance * late), p50Seconds, p90.at(-1) ?? 0))
  }
  return { ahead, p50, p90, likely, none }
}

/** The first place whose chance is below this one, at most `end`. */
function firstBelow(chance: number, end: number, chanceOf: (place: number) => number): number {
  let [low, high] = [0, end]
  while (low < high) {
    const middle = Math.floor((low + high) / 2)
    if (chanceOf(middle) < chance) high = middle
    else low = middle + 1
  }
  return low
}

/** Seconds until so many units have come with this chance; between two steps in proportion. */
function timeOf(forecast: LineForecast, need: number, chance: number): number {
  let [low, high] = [0, forecastSteps - 1]
  while (low < high) {
    const middle = Math.floor((low + high) / 2)
    if (chanceBy(forecast, middle, need) >= chance) high = middle
    else low = middle + 1
  }
  if (low === 0) return 0
  const [before, then] = [chanceBy(forecast, low - 1, need), chanceBy(forecast, low, need)]
  const part = then > before ? bounded((chance - before) / (then - before)) : 1
  const from = forecast.at[low - 1] as number
  return Math.min((from + part * ((forecast.at[low] as number) - from)) / 1_000, etaMaxSeconds)
}

/** Of so many units that have come by the end of a step. */
function chanceBy(forecast: LineForecast, step: number, need: number): number {
  const over = (forecast.units[step] as number) - need
  const deviation = forecast.deviation[step] as number
  if (deviation <= 0) return over >= 0 ? 1 : 0
  return normalBelow(over / deviation)
}

/** Share of a normal distribution below `x`. Source: Abramowitz and Stegun, 26.2.17. */
function normalBelow(x: number): number {
  const t = 1 / (1 + 0.231_641_9 * Math.abs(x))
  const sum = t * (0.319_381_53 + t * (-0.356_563_782 + t * (1.781_477_937 + t * (-1.821_255_978 + t * 1.330_274_429))))
  const tail = 0.398_942_280_4 * Math.exp((-x * x) / 2) * sum
  return x >= 0 ? 1 - tail : tail
}

function bounded(part: number): number {
  return Math.min(1, Math.max(0, part))
}
