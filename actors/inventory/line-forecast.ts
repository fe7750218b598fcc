import { FlowRates } from './flow-rates.ts'
import { type HoldFlow, holdSteps } from './hold-flow.ts'
import { OpenUnits } from './open-units.ts'

/** Steps that are worked out one by one: three holds' time. */
const fineSteps = 3 * holdSteps
/** After these each step is a whole hold, and what comes back fades as it did in the last two. */
const wideSteps = 40
export const forecastSteps = 1 + fineSteps + wideSteps

/** With fewer units known to have ended than this nothing is told. */
export const knownLeast = 1
/** Relative doubt in rates that are known from many units: sales change. */
const doubtLeast = 0.15
/** The same while a pace bounds the grants, which is kept. */
const doubtInPace = 0.03
/** How many times the line ahead may have thinned out by people who left. */
const thinningMost = 8

export interface ForecastFrom {
  readonly flow: HoldFlow
  /** Times in which the flow's deadlines are. */
  readonly holdClock: number
  readonly orderClock: number
  readonly available: number
  /** Units that a pace lets out in a step, or Infinity. */
  readonly grantsPerStep: number
  /** Units come back a claim at a time. */
  readonly unitsPerClaim: number
  /** Share of the people in line that leaves it in a step. */
  readonly leavesPerStep: number
}

/**
 * How many units will have come to the line by when: open holds and orders are moved on step by step at the rates that were learned, with the holds that are
 * made of what comes back. Each number has a deviation: chance, and doubt in the rates. About 0.1 ms; buffers are used again.
 */
export class LineForecast {
  /** Ms from now; expected units by then; deviation of that. */
  readonly at = new Float64Array(forecastSteps)
  readonly units = new Float64Array(forecastSteps)
  readonly deviation = new Float64Array(forecastSteps)
  private readonly rates = new FlowRates()
  private readonly open = new OpenUnits()
  /** The same without the holds that are made of what comes back. */
  private readonly first = new OpenUnits()

  /** Of the rates (FlowRates). */
  get known(): number {
    return this.rates.known
  }

  make(from: ForecastFrom): void {
    const { flow, holdClock, orderClock, grantsPerStep, unitsPerClaim } = from
    const { rates, open, first } = this
    rates.learn(flow, holdClock, orderClock)
    open.load(flow, holdClock, orderClock)
    // What is free goes out at once, as far as the head of the line can use it.
    let granted = grantsPerStep === Infinity ? from.available : 0
    open.grant(granted)
    first.copy(open)
    const all = flow.held.total + flow.ordered.total + granted
    const { returnShare } = rates
    const doubt = Math.sqrt(doubtLeast ** 2 + unitsPerClaim / (rates.known + 1))
    // The first step has begun.
    const phase = holdClock / flow.stepMs - flow.stepOf(holdClock)
    let available = from.available - granted
    let [units, given, returned, thinning] = [granted, granted, 0, 1]
    this.set(0, 0, units, 0)
    for (let step = 1; step <= fineSteps; step++) {
      const part = step === 1 ? 1 - phase : 1
      available += open.advance(rates, part)
      returned = Math.min(all, returned + first.advance(rates, part))
      granted = Math.min(available, grantsPerStep * part)
      available -= granted
      open.grant(granted)
      // Somebody who leaves ahead of a place helps it as much as a unit, the more people wait the more: what is given counts for more the later it is.
      thinning = Math.min(thinningMost, thinning * (1 + from.leavesPerStep * part))
      given += granted
      units += granted * thinning
      // Of the units that are open each comes back or does not; those that come back again are as uncertain as a random walk.
      const unsure = all === 0 ? 0 : returned * (1 - returned / all)
      const again = Math.max(0, given - from.available - returned)
      const chance = unitsPerClaim * (unsure + again * (1 + returnShare))
      const drift = doubt * (unsure + 2 * again * (1 - returnShare))
      const deviation = available > 0 ? doubtInPace * given : Math.sqrt(chance + drift * drift)
      this.set(step, (step - phase) * flow.stepMs, units, given > 0 ? (deviation * units) / given : 0)
    }
    this.extend(flow.stepMs * holdSteps)
  }

  /** Beyond the fine steps: one hold's time after the other, each giving the same part of what the one before gave. */
  private extend(holdMs: number): void {
    const unitsAt = (step: number): number => this.units[step] as number
    const last = unitsAt(fineSteps)
    const before = unitsAt(fineSteps - holdSteps) - unitsAt(fineSteps - 2 * holdSteps)
    let more = last - unitsAt(fineSteps - holdSteps)
    const fade = before > 0 ? Math.min(1, more / before) : 0
    const doubt = last > 0 ? (this.deviation[fineSteps] as number) / last : 0
    for (let step = fineSteps + 1; step < forecastSteps; step++) {
      more *= fade
      const units = unitsAt(step - 1) + more
      this.set(step, (this.at[step - 1] as number) + holdMs, units, units * doubt)
    }
  }

  private set(step: number, at: number, units: number, deviation: number): void {
    this.at[step] = at
    this.units[step] = units
    this.deviation[step] = deviation
  }
}
