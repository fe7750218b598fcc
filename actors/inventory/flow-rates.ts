import { type HoldFlow, holdSteps, orderSteps } from './hold-flow.ts'

/** What is believed before anything is known: units at risk for one step, and what becomes of them. A third of all holds comes back. */
const priorRisk = 64
const priorFreed = 0.3
const priorOrdered = 1
/** The same of orders: most are paid in a step or two, one in twenty is declined. */
const priorOrderRisk = 2
const priorDeclined = 0.05
const priorPaid = 0.95
/** Units at risk for which the rate of all ages stands in at each age, so that a few holds do not make a curve. */
const sharedRisk = 4

/**
 * At which rates holds and orders of each age end, one way or the other: the ends at that age per unit that came to it and beyond, among those that have ended
 * and those that are open. Source: Kaplan and Meier, 1958.
 */
export class FlowRates {
  readonly freed = new Float64Array(holdSteps)
  readonly ordered = new Float64Array(holdSteps)
  readonly declined = new Float64Array(orderSteps)
  readonly paid = new Float64Array(orderSteps)
  /** Units that have ended, as far as they still count: what the rates are known from. */
  known = 0
  private readonly atRisk = new Float64Array(Math.max(holdSteps, orderSteps))

  learn(flow: HoldFlow, holdClock: number, orderClock: number): void {
    const holdsAged = (age: number): number => flow.holdsAged(age, holdClock)
    const holds = this.risksOf(holdSteps, flow.heldOut + holdsAged(holdSteps), [flow.heldFreed, flow.heldOrdered], holdsAged)
    this.known = flow.heldOut + holds.ends[0] + holds.ends[1]
    this.setRates(flow.heldFreed, this.freed, (holds.ends[0] + priorFreed) / (holds.risk + priorRisk))
    this.setRates(flow.heldOrdered, this.ordered, (holds.ends[1] + priorOrdered) / (holds.risk + priorRisk))
    const orders = this.risksOf(orderSteps, 0, [flow.orderFreed, flow.orderPaid], (age) => flow.ordersAged(age, orderClock))
    this.setRates(flow.orderFreed, this.declined, (orders.ends[0] + priorDeclined) / (orders.risk + priorOrderRisk))
    this.setRates(flow.orderPaid, this.paid, (orders.ends[1] + priorPaid) / (orders.risk + priorOrderRisk))
  }

  /** Of units that are held from now on: the share that comes back. */
  get returnShare(): number {
    let [declined, ended] = [0, 0]
    for (let age = 0; age < orderSteps; age++) {
      declined += this.declined[age] as number
      ended += (this.declined[age] as number) + (this.paid[age] as number)
    }
    let [left, back] = [1, 0]
    for (let age = 0; age < holdSteps; age++) {
      const [freed, ordered] = [this.freed[age] as number, this.ordered[age] as number]
      back += left * (freed + (ordered * declined) / ended)
      left *= 1 - freed - ordered
    }
    return Math.min(1, back + left)
  }

  /** Fills `atRisk`, from the oldest age down; sums over all ages. */
  private risksOf(
    steps: number,
    oldest: number,
    [one, other]: readonly [Float64Array, Float64Array],
    openAged: (age: number) => number,
  ): Risks {
    const ends: [number, number] = [0, 0]
    let [risk, sum] = [oldest, 0]
    for (let age = steps - 1; age >= 0; age--) {
      risk += (one[age] as number) + (other[age] as number)
      this.atRisk[age] = risk
      sum += risk
      ends[0] += one[age] as number
      ends[1] += other[age] as number
      risk += openAged(age)
    }
    return { risk: sum, ends }
  }

  private setRates(ends: Float64Array, rates: Float64Array, ofAllAges: number): void {
    for (let age = 0; age < rates.length; age++)
      rates[age] = ((ends[age] as number) + sharedRisk * ofAllAges) / ((this.atRisk[age] as number) + sharedRisk)
  }
}

interface Risks {
  readonly risk: number
  readonly ends: readonly [number, number]
}
