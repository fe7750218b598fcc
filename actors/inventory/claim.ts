import type { OrderState } from '../../protocol/results.ts'

/** What became of a user's latest claim on a SKU. Numbers are part of the snapshot format. */
export const claimState = {
  none: 0,
  queued: 1,
  held: 2,
  /** An order whose payment is not settled. */
  pending: 3,
  /** An order that was not settled in time: its units went on, its outcome is still unknown. */
  overdue: 4,
  /** Paid too late or given up: no unit is the buyer's, and what was taken, if anything, is on its way back. */
  refunding: 5,
  paid: 6,
  declined: 7,
  cancelled: 8,
  refunded: 9,
  expired: 10,
  soldout: 11,
  left: 12,
  /** An order whose money the provider does not give back; somebody has to see to it. */
  unrefunded: 13,
  /** Waits for the draw before the opening. */
  lobby: 14,
  /** A ticket whose user was away for too long. */
  absent: 15,
} as const

/** One live claim per user and SKU: while this is true, no other can begin. */
export function isLive(state: number): boolean {
  return (state >= claimState.queued && state <= claimState.refunding) || state === claimState.lobby
}

/** It has units, or may still get some. An order whose money goes back never does, whatever comes of the money: nobody has to wait for that to buy something else. */
export function mayHaveUnits(state: number): boolean {
  return isLive(state) && state !== claimState.refunding
}

/** The claim is or was an order. */
export function isOrder(state: number): boolean {
  return (state >= claimState.pending && state <= claimState.refunded) || state === claimState.unrefunded
}

export const orderStateNames: Readonly<Record<number, OrderState | undefined>> = {
  [claimState.pending]: 'pending',
  [claimState.overdue]: 'overdue',
  [claimState.refunding]: 'refunding',
  [claimState.paid]: 'paid',
  [claimState.declined]: 'declined',
  [claimState.cancelled]: 'cancelled',
  [claimState.refunded]: 'refunded',
  [claimState.unrefunded]: 'unrefunded',
}

/** The name of an order's claimState, as clients see it. */
export function orderStateName(state: number): OrderState {
  const name = orderStateNames[state]
  if (name === undefined) throw new Error(`claim state ${state} is no order's`)
  return name
}
