import { claimKind } from '../../protocol/frame.ts'
import { unpackInner } from '../../protocol/inner-codec.ts'
import type { Batch } from '../actor.ts'
import { canNoteAnswered, canNoteAnsweredOf, noteAnswered, wasAnswered } from './answered-requests.ts'
import { describeOrder } from './claim-answer.ts'
import { claimState, isOrder, orderStateName } from './claim.ts'
import { answerClaim, type OwnedSku, rowOfEntry } from './decide-claim.ts'
import { settleRefund } from './decide-refund.ts'
import { freeReserved } from './decide-reserved.ts'
import { writeOrdered, writeSettled } from './events.ts'
import { evolve } from './evolve.ts'
import { type OrderName, rowOfOrder, wasNeverOrdered } from './order-ids.ts'
import { type Outcome, stateAfter } from './order-life.ts'
import type { SkuState } from './sku-state.ts'

/** What a payment worker found out about an order. */
export interface Settlement extends OrderName {
  readonly outcome: Outcome
  /** The key of the refund that it is about; without one the order itself. */
  readonly refund?: string
}

/** `checkout`: turns the user's hold into an order with a payment deadline. Repeating it, with or without the same request id, gives that order; a
 * copy that comes when the order has made way for another hold is refused. (SPEC ORD-1) */
export function decideCheckout(owned: OwnedSku, batch: Batch, bytes: Uint8Array, view: DataView, at: number, payment: Uint8Array): void {
  const { sku } = owned
  const { users, settings } = sku
  const row = rowOfEntry(sku, bytes, view, at)
  const state = row < 0 ? claimState.none : users.state(row)
  if (isOrder(state)) {
    // Whichever request made that order: a copy of this one must not order what the user holds next. Beyond what can be remembered it is told all the same.
    if (!wasAnswered(sku, view, at, batch.now) && canNoteAnswered(sku, view, at, batch.now)) noteAnswered(owned.state, sku, batch, view, at)
    return answerOrder(sku, batch, view, at, row)
  }
  if (wasAnswered(sku, view, at, batch.now)) return batch.replies.refuse(view, at, 'NO_HOLD')
  if (!canNoteAnsweredOf(row, sku, view, at, batch.now)) return batch.replies.refuse(view, at, 'BUSY', fullRetryMs)
  if (state !== claimState.held) {
    // Its sender is told no, so a copy must not order what the user holds next.
    noteAnswered(owned.state, sku, batch, view, at)
    return batch.replies.refuse(view, at, state === claimState.expired ? 'HOLD_EXPIRED' : 'NO_HOLD')
  }
  const event = writeOrdered(batch.record, sku.index, users.claim(row), {
    payBy: batch.now + settings.paymentTtlMs,
    amountMinor: users.qty(row) * sku.priceOf(row),
    payment,
  })
  evolve(owned.state, batch.record.bytes, batch.record.view, event, batch.now)
  noteAnswered(owned.state, sku, batch, view, at)
  answerOrder(sku, batch, view, at, row)
}

/**
 * `settle`: a payment's outcome, which leads on as order-life.ts says; a repeat gets the order's state. Money for what never was an order here goes
 * back as well, and only the worker can see to that. (SPEC ORD-2, G8)
 */
export function decideSettle(owned: OwnedSku, batch: Batch, view: DataView, at: number, payload: Uint8Array): void {
  const { sku } = owned
  const settlement = unpackInner<Settlement>(payload)
  if (settlement.refund !== undefined) return settleRefund(owned, batch, view, at, settlement.refund, settlement.outcome === 'refunded')
  const row = rowOfOrder(sku, settlement)
  if (row < 0)
    return wasNeverOrdered(sku, settlement) ? answerNeverOrdered(batch, view, at) : batch.replies.refuse(view, at, 'UNKNOWN_ORDER')
  const next = stateAfter(sku, sku.users.state(row), sku.users.qty(row), settlement.outcome)
  if (next !== undefined) settle(owned, batch, settlement.claim, next)
  batch.replies.result(view, at, { ...describeOrder(sku, row) })
}

/** A worker that has money for it gives the money back: nothing stands against it, and nothing will. */
export function answerNeverOrdered(batch: Batch, view: DataView, at: number): void {
  batch.replies.result(view, at, { state: orderStateName(claimState.cancelled) })
}

/**
 * `order.cancel`: gives up an order that is pending. Nobody knows whether its charge is under way, so its units go back at once and its end comes when the
 * provider has said what became of the money. An order in any other state stays, and is what the answer says. (SPEC ORD-40)
 */
export function decideOrderCancel(owned: OwnedSku, batch: Batch, bytes: Uint8Array, view: DataView, at: number, payload: Uint8Array): void {
  const { sku } = owned
  const name = unpackInner<OrderName>(payload)
  const row = rowOfOrder(sku, name)
  if (row < 0 || row !== rowOfEntry(sku, bytes, view, at)) return batch.replies.refuse(view, at, 'UNKNOWN_ORDER')
  if (sku.users.state(row) === claimState.pending) settle(owned, batch, name.claim, claimState.refunding)
  answerOrder(sku, batch, view, at, row)
}

/** `order.get` of a user: the order if it is theirs and the SKU still knows it. */
export function decideOrderGet(owned: OwnedSku, batch: Batch, bytes: Uint8Array, view: DataView, at: number, payload: Uint8Array): void {
  const { sku } = owned
  const row = rowOfOrder(sku, unpackInner<OrderName>(payload))
  if (row < 0 || row !== rowOfEntry(sku, bytes, view, at)) return batch.replies.refuse(view, at, 'UNKNOWN_ORDER')
  answerClaim(owned, batch, view, at, row)
}

function settle(owned: OwnedSku, batch: Batch, claim: number, state: number): void {
  const event = writeSettled(batch.record, owned.sku.index, claim, state)
  evolve(owned.state, batch.record.bytes, batch.record.view, event, batch.now)
  if (state === claimState.refunding) freeReserved(owned, batch, claim)
}

function answerOrder(sku: SkuState, batch: Batch, view: DataView, at: number, row: number): void {
  const { users } = sku
  const order = describeOrder(sku, row)
  batch.replies
    .begin(view, at)
    .nil()
    .value({ ...order })
  batch.replies.end(users.claim(row), claimKind.order)
}

const fullRetryMs = 1_000
