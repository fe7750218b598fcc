import { entryOffset } from '../../protocol/entry.ts'
import { unpackInner } from '../../protocol/inner-codec.ts'
import type { FoundOrder, RefundInfo } from '../../protocol/results.ts'
import type { Batch } from '../actor.ts'
import { describeOrder } from './claim-answer.ts'
import { claimState, orderStateName } from './claim.ts'
import type { OwnedSku } from './decide-claim.ts'
import { eventKind, refundFlag, writeRefund, writeRefundTold } from './events.ts'
import { evolve } from './evolve.ts'
import { orderIdBy, type OrderName, orderTagOf, rowOfOrder } from './order-ids.ts'
import { openRefundsMax, type Refund, refundKey } from './refunds.ts'
import type { SkuState } from './sku-state.ts'

/** What operators ask to be given back; without an amount all that is left. */
export interface RefundWish extends OrderName {
  readonly amountMinor: number | undefined
}

const fullRetryMs = 1_000
const utf8 = new TextDecoder()

/** `order.find`: all that is known here of an order, whoever's it is and however long ago it was paid. (SPEC ORD-54) */
export function decideOrderFind(owned: OwnedSku, batch: Batch, view: DataView, at: number, payload: Uint8Array): void {
  const found = foundOrder(owned.sku, unpackInner<OrderName>(payload))
  if (found === undefined) return batch.replies.refuse(view, at, 'UNKNOWN_ORDER')
  batch.replies.result(view, at, plainOf(found))
}

/**
 * `order.refund`: gives back a part of a paid order, or what is left of it; the same request once. Never more than was paid, what is under way included. The
 * answer tells the order with this refund, which the outbox has made from now on. (SPEC ORD-51 to ORD-56)
 */
export function decideOrderRefund(owned: OwnedSku, batch: Batch, view: DataView, at: number, payload: Uint8Array): void {
  const { sku } = owned
  const wish = unpackInner<RefundWish>(payload)
  const found = foundOrder(sku, wish)
  if (found === undefined) return batch.replies.refuse(view, at, 'UNKNOWN_ORDER')
  const requestHi = view.getUint32(at + entryOffset.requestHi, true)
  const requestLo = view.getUint32(at + entryOffset.requestLo, true)
  const key = refundKey({ order: found.order, requestHi, requestLo })
  if (sku.refunds.find(key) === undefined) {
    const slot = paidSlot(sku, wish)
    if (slot < 0)
      return batch.replies.refuse(view, at, 'NOT_REFUNDABLE', undefined, `The order is ${found.state}: only what was paid goes back.`)
    const paid = sku.paid.at(slot)
    const left = paid.amountMinor - paid.askedMinor
    const amountMinor = wish.amountMinor ?? left
    if (amountMinor < 1 || amountMinor > left)
      return batch.replies.refuse(view, at, 'NOT_REFUNDABLE', undefined, `${left} of ${paid.amountMinor} are left to give back.`)
    if (sku.refunds.outboxSize >= openRefundsMax) return batch.replies.refuse(view, at, 'BUSY', fullRetryMs)
    const refund: Refund = {
      ...{ claim: wish.claim, order: found.order, user: found.user, qty: paid.qty, orderMinor: paid.amountMinor, orderTag: paid.orderTag },
      ...{ amountMinor, requestHi, requestLo, state: 'open', refundedMinor: paid.refundedMinor, updatedAt: batch.now },
    }
    const event = writeRefund(batch.record, eventKind.refundBegun, sku.index, refund, 0)
    evolve(owned.state, batch.record.bytes, batch.record.view, event, batch.now)
  }
  const refund = sku.refunds.find(key)
  const now = foundOrder(sku, wish) ?? found
  batch.replies.result(view, at, refund === undefined ? plainOf(now) : { ...plainOf(now), refund: { ...infoOf(refund) } })
}

/** What a worker found out about one refund. The first time that the provider gives the money back counts, also after it had refused. */
export function settleRefund(owned: OwnedSku, batch: Batch, view: DataView, at: number, key: string, isDone: boolean): void {
  const { sku } = owned
  const refund = sku.refunds.find(key)
  if (refund === undefined) return batch.replies.refuse(view, at, 'UNKNOWN_ORDER')
  if (refund.state === 'open' || (refund.state === 'refused' && isDone)) {
    const slot = sku.paid.find(refund.claim, refund.orderTag)
    const refundedMinor = (slot < 0 ? refund.refundedMinor : sku.paid.at(slot).refundedMinor) + (isDone ? refund.amountMinor : 0)
    const isWhole = isDone && slot >= 0 && refundedMinor >= refund.orderMinor
    const flags = (isDone ? refundFlag.done : 0) | (isWhole ? effectsOf(sku) : 0)
    const event = writeRefund(batch.record, eventKind.refundEnded, sku.index, { ...refund, refundedMinor }, flags)
    evolve(owned.state, batch.record.bytes, batch.record.view, event, batch.now)
  }
  batch.replies.result(view, at, { state: sku.refunds.find(key)?.state ?? refund.state })
}

/** The user's session has the news of it. */
export function refundDelivered(owned: OwnedSku, batch: Batch, key: string): void {
  const { sku } = owned
  const refund = sku.refunds.find(key)
  if (refund?.state !== 'done' || !sku.refunds.isInOutbox(key)) return
  const event = writeRefundTold(batch.record, sku.index, refund)
  evolve(owned.state, batch.record.bytes, batch.record.view, event, batch.now)
}

/** What the sale's settings make of an order of which nothing is left. */
function effectsOf({ settings }: SkuState): number {
  const { refundRestocks = false, refundFreesLimit = true } = settings
  return (refundRestocks ? refundFlag.restocked : 0) | (refundFreesLimit ? refundFlag.limitFreed : 0)
}

function foundOrder(sku: SkuState, name: OrderName): FoundOrder | undefined {
  const row = rowOfOrder(sku, name)
  if (row >= 0) {
    const order = describeOrder(sku, row)
    return { ...order, ...ofUser(sku, row), refunds: sku.refunds.of(order.order).map(infoOf) }
  }
  const slot = paidSlot(sku, name)
  if (slot < 0) return undefined
  const { claim, row: buyer, orderTag, qty, amountMinor, refundedMinor } = sku.paid.at(slot)
  const order = orderIdBy(sku, claim, orderTag)
  const state = orderStateName(refundedMinor >= amountMinor && refundedMinor > 0 ? claimState.refunded : claimState.paid)
  const refunded = refundedMinor === 0 ? {} : { refundedMinor }
  return {
    ...{ state, order, qty, amountMinor, currency: sku.settings.currency, ...refunded, ...ofUser(sku, buyer) },
    refunds: sku.refunds.of(order).map(infoOf),
  }
}

function ofUser(sku: SkuState, row: number): Pick<FoundOrder, 'sku' | 'user'> {
  return { sku: sku.settings.sku, user: utf8.decode(sku.users.userBytes(row)) }
}

function paidSlot(sku: SkuState, name: OrderName): number {
  const tag = orderTagOf(sku, name)
  return tag === undefined ? -1 : sku.paid.find(name.claim, tag)
}

function infoOf(refund: Refund): RefundInfo {
  const { amountMinor, state, updatedAt } = refund
  return { refund: refundKey(refund), amountMinor, state, updatedAt }
}

function plainOf({ refunds, ...order }: FoundOrder) {
  return { ...order, refunds: refunds.map((refund) => ({ ...refund })) }
}
