import type { ClaimState } from '../../protocol/results.ts'
import type { Complain } from './findings.ts'
import { isOrder, numberOf } from './told-story.ts'

/**
 * The line of one SKU as all its users together were told of it (G6): when somebody is known to be served, nobody with a smaller number waits any
 * more. Whoever wants more units than are free waits for them at the head, and nobody passes.
 */
export class FairLine {
  private served = 0
  private forgivenUntil = -Infinity
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

  /** The store has lost records of this SKU: their numbers are given out again, to people who wait, and what is heard until then may still be of them. */
  forgive(untilMs: number): void {
    this.served = 0
    this.forgivenUntil = untilMs
  }

  told(claim: ClaimState, servedWhenAsked: number, now = Infinity): void {
    const number = numberOf(claim)
    if (number === undefined || now <= this.forgivenUntil) return
    if (claim.state === 'queued' && number < servedWhenAsked)
      this.complain('G6', `${this.sku}: ticket ${number} still waits, and claim ${servedWhenAsked} had been served before it was asked for`)
    if (claim.state === 'held' || isOrder(claim)) this.served = Math.max(this.served, number)
  }
}
