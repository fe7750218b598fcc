import type { FlowRates } from './flow-rates.ts'
import { type HoldFlow, holdSteps, orderSteps } from './hold-flow.ts'

/** Units that are held or ordered, by their age in steps, as a forecast moves them on. */
export class OpenUnits {
  private readonly held = new Float64Array(holdSteps + 1)
  private readonly ordered = new Float64Array(orderSteps)

  load(flow: HoldFlow, holdClock: number, orderClock: number): void {
    for (let age = 0; age <= holdSteps; age++) this.held[age] = flow.holdsAged(age, holdClock)
    let oldest = flow.ordered.total
    for (let age = 0; age < orderSteps; age++) {
      this.ordered[age] = flow.ordersAged(age, orderClock)
      oldest -= this.ordered[age] as number
    }
    this.addTo(this.ordered, orderSteps - 1, Math.max(0, oldest))
  }

  copy(from: OpenUnits): void {
    this.held.set(from.held)
    this.ordered.set(from.ordered)
  }

  grant(units: number): void {
    this.addTo(this.held, 0, units)
  }

  /** Moves all on by a step, or by the part of one; returns the units that come back in it. */
  advance(rates: FlowRates, part: number): number {
    const { held, ordered } = this
    // The time of holds that are in their last step ends in the course of it.
    let freed = held[holdSteps] as number
    let begun = 0
    for (let age = holdSteps - 1; age >= 0; age--) {
      const units = held[age] as number
      const back = units * (rates.freed[age] as number) * part
      const orders = units * (rates.ordered[age] as number) * part
      freed += back
      begun += orders
      held[age + 1] = units - back - orders
    }
    held[0] = 0
    let oldest = 0
    for (let age = orderSteps - 1; age >= 0; age--) {
      const units = ordered[age] as number
      const back = units * (rates.declined[age] as number) * part
      const left = units - back - units * (rates.paid[age] as number) * part
      freed += back
      if (age === orderSteps - 1) oldest = left
      else ordered[age + 1] = left
    }
    this.addTo(ordered, orderSteps - 1, oldest)
    ordered[0] = begun
    return freed
  }

  private addTo(column: Float64Array, age: number, units: number): void {
    column[age] = (column[age] as number) + units
  }
}
