import type { Position } from '../../cluster/store.ts'
import type { ClaimNotice, OrderNotice } from '../../protocol/broadcast.ts'
import { frameKind } from '../../protocol/frame.ts'
import type { SkuId, UserId } from '../../protocol/ids.ts'
import { unpackInner } from '../../protocol/inner-codec.ts'
import type { Order } from '../../protocol/results.ts'
import type { Batch } from '../actor.ts'
import type { OrderNews } from '../inventory/ended-order.ts'
import { writeAttached, writeDetached, writeOrdered } from './session-events.ts'
import type { SessionState } from './session-state.ts'
import { isRemembered, type UserSession } from './user-session.ts'

/** A command to one user's session: where its entry is and whom it is about. */
export interface SessionCommand {
  readonly state: SessionState
  readonly batch: Batch
  readonly user: UserId
  readonly session: UserSession
  readonly view: DataView
  readonly at: number
  readonly payload: Uint8Array
}

/** What `attach` and `detach` carry: the subject at which the gateway takes answers and notices. */
export interface Gateway {
  readonly gateway: string
}

/** What a gateway says of a claim that it saw appear; `from` is its own subject. */
export interface Claimed {
  readonly sku: SkuId
  readonly claim: number
  readonly from: string
}

/** What `attach` is answered. */
interface Attached {
  /** The session knew already that the user is here. */
  readonly again: boolean
  /** Other gateways at which the user is, as far as the session knows. */
  readonly elsewhere: number
}

/** `attach`: the user has a connection at this gateway. Repeating it changes nothing. (SPEC SES-1) */
export function decideAttach(command: SessionCommand): void {
  const { batch, session, view, at } = command
  const { gateway } = unpackInner<Gateway>(command.payload)
  const again = session.isAttached(gateway)
  if (!again) apply(command, writeAttached(batch.record, recordOf(batch), session.user, gateway))
  const attached: Attached = { again, elsewhere: session.gateways.length - 1 }
  batch.replies.result(view, at, { ...attached })
}

/** `detach`: the user's last connection at this gateway is gone. (SPEC SES-1) */
export function decideDetach(command: SessionCommand): void {
  const { batch, session } = command
  const { gateway } = unpackInner<Gateway>(command.payload)
  if (session.isAttached(gateway)) apply(command, writeDetached(batch.record, recordOf(batch), session.user, gateway))
  answer(command)
}

/** `claimed`: the user's other gateways are told to look at the claim. The claim itself is the inventory's, so nothing is journaled. (SPEC SES-3) */
export function decideClaimed(command: SessionCommand): void {
  const { batch, user, session } = command
  const { sku, claim, from } = unpackInner<Claimed>(command.payload)
  const notice: ClaimNotice = { user, sku, claim }
  for (const { gateway } of session.gateways) {
    if (gateway !== from) batch.notices.send(gateway, frameKind.notice, notice)
  }
  answer(command)
}

/** `orderNews`: an order of the user went on. Comes at least once and in any order; what says nothing new changes nothing. (SPEC SES-4) */
export function decideOrderNews(command: SessionCommand): void {
  const { batch, session } = command
  const { claim: _claim, user: _user, ...told } = unpackInner<OrderNews>(command.payload)
  if (session.isNews(told)) {
    apply(command, writeOrdered(batch.record, recordOf(batch), session.user, told))
    // An order that is refunded long after its purchase is nobody's latest claim, which gateways follow.
    if (told.refundedMinor !== undefined) tellGateways(command, told)
  }
  answer(command)
}

function tellGateways({ batch, user, session }: SessionCommand, order: Order): void {
  const notice: OrderNotice = { user, order }
  for (const { gateway } of session.gateways) batch.notices.send(gateway, frameKind.orderNotice, notice)
}

/** `userGet`: all that is known of the user. Someone attached is seen now. */
export function decideUserGet(command: SessionCommand): void {
  const { batch, session, view, at } = command
  const { user, isKnown, gateways, orders, reservations, info } = session
  batch.replies.result(view, at, {
    user,
    ...info,
    attachedTo: gateways.map((attachment) => attachment.gateway),
    firstSeenAt: isKnown ? session.firstSeenAt : null,
    lastSeenAt: gateways.length > 0 ? batch.now : isKnown ? session.lastSeenAt : null,
    orders: orders.filter(({ updatedAt }) => isRemembered(updatedAt, batch.now)).map((order) => ({ ...order })),
    counted: reservations.counted().map(({ sku, sale, open, bought }) => ({ sku, sale, open, bought })),
  })
}

/** `orderList`: the user's orders that ended, latest first. */
export function decideOrderList(command: SessionCommand): void {
  const { batch, session, view, at } = command
  batch.replies.result(
    view,
    at,
    session.orders.filter(({ updatedAt }) => isRemembered(updatedAt, batch.now)).map((order) => ({ ...order })),
  )
}

/** The place that the batch's record will have. */
export function recordOf(batch: Batch): Position {
  return { epoch: batch.epoch, seq: batch.seq + 1 }
}

export function apply({ state, batch }: SessionCommand, event: number): void {
  state.evolve(batch.record.bytes, batch.record.view, event, batch.now)
}

function answer({ batch, view, at }: SessionCommand): void {
  batch.replies.result(view, at, null)
}
