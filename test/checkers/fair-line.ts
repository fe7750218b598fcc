import type { ClaimState } from '../../protocol/results.ts'
import { type Complain, isOrder, numberOf } from './told-story.ts'

/**
 * The line of one SKU as all its users together were told of it (G6): when somebody is known to be served, nobody with a smaller number waits any
 * more. Units of one only: a ticket for more may wait for them at the head while nobody passes it.
 */
export class FairLine {
  private served = 0
  private readonly sku: string
  private readonly complain: Complain

  constructor(sku: string, complain: Complain) {
    this.sku = sku
    this.complain = complain
  }

  /** How far the line was known to be served before a question was asked; its answer comes with this to {@link told}. */
  get servedSoFar(): number {
    return this.served
  }

  told(claim: ClaimState, servedWhenAsked: number): void {
    const number = numberOf(claim)
    if (number === undefined) return
    if (claim.state === 'queued' && number < servedWhenAsked)
      this.complain(`${this.sku}: ticket ${number} still waits, and claim ${servedWhenAsked} had been served before it was asked for`)
    if (claim.state === 'held' || isOrder(claim)) this.served = Math.max(this.served, number)
  }
}
