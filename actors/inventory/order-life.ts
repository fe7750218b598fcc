import { claimState } from './claim.ts'
import type { SkuState } from './sku-state.ts'

/**
 * What a payment worker found out about an order. `absent`: nothing was taken, and nothing will be. `refused`: the provider does not give the money back.
 * `unknown`: nothing so far; it only asks for the order's state.
 */
export type Outcome = 'paid' | 'declined' | 'refunded' | 'absent' | 'refused' | 'unknown'

/**
 * The life of an order. Whatever is open is in the outbox, which has its charge made, closed or given back until an outcome comes: so no end is final
 * while money of it may be with the provider (G8).
 *
 *     state       paid             declined   refunded   absent      refused      its buyer   its time
 *     pending     paid             declined                                       refunding   overdue
 *     overdue     paid, refunding  declined
 *     refunding                               refunded   cancelled   unrefunded
 *     declined    refunding
 *     cancelled   refunding
 *     unrefunded                              refunded
 *     paid, refunded: the end
 *
 * Overdue and paid: the units if they are free and nobody waits for them, else the money goes back. Units are `ordered` while it is pending, and free from
 * then on until it is paid.
 *
 * The claimState that the outcome leads to; undefined if it changes nothing, as a repeat does.
 */
export function stateAfter(sku: SkuState, state: number, qty: number, outcome: Outcome): number | undefined {
  switch (outcome) {
    case 'paid':
      if (state === claimState.pending) return claimState.paid
      if (state === claimState.overdue) return mayStillHave(sku, qty) ? claimState.paid : claimState.refunding
      return state === claimState.declined || state === claimState.cancelled ? claimState.refunding : undefined
    case 'declined':
      return state === claimState.pending || state === claimState.overdue ? claimState.declined : undefined
    case 'refunded':
      return state === claimState.refunding || state === claimState.unrefunded ? claimState.refunded : undefined
    case 'absent':
      return state === claimState.refunding ? claimState.cancelled : undefined
    case 'refused':
      return state === claimState.refunding ? claimState.unrefunded : undefined
    case 'unknown':
      return undefined
  }
}

/** Its payment has still to come to something; the units of all but a pending one have gone on. */
export function isOpen(state: number): boolean {
  return state === claimState.pending || state === claimState.overdue || state === claimState.refunding
}

function mayStillHave(sku: SkuState, qty: number): boolean {
  return qty <= sku.available && sku.line.size === 0 && sku.phase !== 'closed'
}
