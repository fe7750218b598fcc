import type { Claim } from './ledger-claim.ts'
import type { RefundNews } from './stock-events.ts'

/** Books that something is to go back of a paid order; what is wrong with that is reported. */
export function beginRefund(claim: Claim, { amountMinor, orderMinor }: RefundNews, report: (problem: string) => void): void {
  claim.askedMinor += amountMinor
  if (orderMinor !== claim.paidMinor) report(`order ${claim.claim} cost ${claim.paidMinor}, and its refund says ${orderMinor}`)
  if (claim.askedMinor > claim.paidMinor)
    report(`order ${claim.claim} is to give ${claim.askedMinor} back, and ${claim.paidMinor} was paid`)
}

/** Books what has gone back, or has not. `whole` with the last of the order's money. */
export function endRefund(
  claim: Claim,
  { amountMinor, refundedMinor, isDone }: RefundNews,
  report: (problem: string) => void,
): 'whole' | 'part' | 'refused' {
  if (!isDone) {
    claim.askedMinor -= amountMinor
    return 'refused'
  }
  claim.refundedMinor += amountMinor
  // What was refused may be given back after all.
  claim.askedMinor = Math.max(claim.askedMinor, claim.refundedMinor)
  if (claim.refundedMinor !== refundedMinor || refundedMinor > claim.paidMinor)
    report(`of ${claim.paidMinor} for order ${claim.claim} ${claim.refundedMinor} have gone back, and its refund says ${refundedMinor}`)
  return refundedMinor === claim.paidMinor ? 'whole' : 'part'
}
