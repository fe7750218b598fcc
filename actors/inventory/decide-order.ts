import { claimKind } from '../../protocol/frame.ts'
import { unpackInner } from '../../protocol/inner-codec.ts'
import type { Batch } from '../actor.ts'
import { canNoteAnswered, noteAnswered, wasAnswered } from './answered-requests.ts'
import { describeOrder } from './claim-answer.ts'
import { claimState, isOrder, orderStateName } from './claim.ts'
import { answerClaim, type OwnedSku, rowOfEntry } from './decide-claim.ts'
import { writeOrdered, writeSettled } from './events.ts'
import { evolve } from './evolve.ts'
import { type OrderName, rowOfOrder, wasNeverOrdered } from './order-ids.ts'
import type { SkuState } from './sku-state.ts'

/** What a payment worker found out about an order. */
export interface Settlement extends OrderName {
  readonly outcome: 'paid' | 'declined' | 'refunded'
}

/** `checkout`: turns the user's hold into an order with a payment deadline. Repeating it, with or without the same request id, gives that order; a
 * copy that comes when the order has made way for another hold is refused. (SPEC ORD-1) */
export function decideCheckout(owned: OwnedSku, batch: Batch, bytes: Uint8Array, view: DataView, at: number, payment: Uint8Array): void {
  const { sku } = owned
  const { users, settings } = sku
  const row = rowOfEntry(sku, bytes, view, at)
  const state = row < 0 ? claimState.none : (users.state[row] as number)
  if (isOrder(state)) {
    // Whichever request made that order: a copy of this one must not order what the user holds next. Beyond what can be remembered it is told all the same.
    if (!wasAnswered(sku, view, at, batch.now) && canNoteAnswered(sku, view, at, batch.now)) noteAnswered(owned.state, sku, batch, view, at)
    return answerOrder(sku, batch, view, at, row)
  }
  if (wasAnswered(sku, view, at, batch.now)) return batch.replies.refuse(view, at, 'NO_HOLD')
  if (row >= 0 && !canNoteAnswered(sku, view, at, batch.now)) return batch.replies.refuse(view, at, 'BUSY', fullRetryMs)
  if (state !== claimState.held) {
    // Its sender is told no, so a copy must not order what the user holds next.
    if (row >= 0) noteAnswered(owned.state, sku, batch, view, at)
    return batch.replies.refuse(view, at, state === claimState.expired ? 'HOLD_EXPIRED' : 'NO_HOLD')
  }
  const event = writeOrdered(batch.record, sku.index, users.claim[row] as number, {
    payBy: batch.now + settings.paymentTtlMs,
    amountMinor: (users.qty[row] as number) * settings.priceMinor,
    payment,
  })
  evolve(owned.state, batch.record.bytes, batch.record.view, event, batch.now)
  noteAnswered(owned.state, sku, batch, view, at)
  answerOrder(sku, batch, view, at, row)
}

/**
 * `settle`: a payment's outcome. The first one that counts decides; a repeat gets the order's state. Paid too late takes free units if nobody
 * waits for them, else the money goes back; so does money for what never was an order here. (SPEC ORD-2, G8)
 */
export function decideSettle(owned: OwnedSku, batch: Batch, view: DataView, at: number, payload: Uint8Array): void {
  const { sku } = owned
  const settlement = unpackInner<Settlement>(payload)
  const row = rowOfOrder(sku, settlement)
  if (row < 0)
    return wasNeverOrdered(sku, settlement) ? answerNeverOrdered(batch, view, at) : batch.replies.refuse(view, at, 'UNKNOWN_ORDER')
  // An order whose end was delivered is closed; a repeat of its outcome still learns its state.
  const order = sku.orders.get(settlement.claim)
  const next = order === undefined ? undefined : settledState(sku, order.state, order.qty, settlement.outcome)
  if (next !== undefined) {
    const event = writeSettled(batch.record, sku.index, settlement.claim, next)
    evolve(owned.state, batch.record.bytes, batch.record.view, event, batch.now)
  }
  batch.replies.result(view, at, { ...describeOrder(sku, row) })
}

/** A worker that has money for it gives the money back: nothing stands against it, and nothing will. */
export function answerNeverOrdered(batch: Batch, view: DataView, at: number): void {
  batch.replies.result(view, at, { state: orderStateName(claimState.cancelled) })
}

/** `order.get` of a user: the order if it is theirs and the SKU still knows it. */
export function decideOrderGet(owned: OwnedSku, batch: Batch, bytes: Uint8Array, view: DataView, at: number, payload: Uint8Array): void {
  const { sku } = owned
  const row = rowOfOrder(sku, unpackInner<OrderName>(payload))
  if (row < 0 || row !== rowOfEntry(sku, bytes, view, at)) return batch.replies.refuse(view, at, 'UNKNOWN_ORDER')
  answerClaim(owned, batch, view, at, row)
}

/** The claimState that an outcome leads to, or undefined if it changes nothing. */
function settledState(sku: SkuState, state: number, qty: number, outcome: Settlement['outcome']): number | undefined {
  if (state === claimState.pending && outcome === 'paid') return claimState.paid
  if (state === claimState.pending && outcome === 'declined') return claimState.declined
  if (state === claimState.overdue && outcome === 'declined') return claimState.declined
  if (state === claimState.overdue && outcome === 'paid') {
    return qty <= sku.available && sku.line.size === 0 && sku.phase !== 'closed' ? claimState.paid : claimState.refunding
  }
  if (state === claimState.refunding && outcome === 'refunded') return claimState.refunded
  return undefined
}

function answerOrder(sku: SkuState, batch: Batch, view: DataView, at: number, row: number): void {
  const { users } = sku
  const order = describeOrder(sku, row)
  batch.replies
    .begin(view, at)
    .nil()
    .value({ ...order })
  batch.replies.end(users.claim[row] as number, claimKind.order)
}

const fullRetryMs = 1_000
