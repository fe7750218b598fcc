import type { OrderTask, QueuedOrder } from '../../cluster/queue.ts'
import { claimState, orderStateName } from './claim.ts'
import { type EndedOrder, endIdOf, newsOf, type OrderNews } from './ended-order.ts'
import { isOpen } from './order-life.ts'
import { type Refund, refundKey } from './refunds.ts'
import type { OpenOrder, SkuState } from './sku-state.ts'

/** What the outbox hands on: an order, or a refund of one that was paid. */
export type OutboxItem = OpenOrder | Refund

/** By which the item is known as long as it is in the outbox. */
export function keyOf(item: OutboxItem): string {
  return isRefund(item) ? refundKey(item) : item.order
}

/** Its money has come to its end, and only the news of that is left. */
export function isOver(item: OutboxItem): boolean {
  return isRefund(item) ? item.state !== 'open' : !isOpen(item.state)
}

export function isInOutbox(sku: SkuState, item: OutboxItem): boolean {
  return isRefund(item) ? sku.refunds.isInOutbox(refundKey(item)) : sku.orders.has(item.claim)
}

/** What payment workers are to do for it, and under which name; `puts` counts the times that it was put. */
export function taskOf({ settings }: SkuState, item: OutboxItem, puts: number): { readonly name: string; readonly order: QueuedOrder } {
  const { order, user, qty, amountMinor } = item
  const common = { order, user, qty, amountMinor, currency: settings.currency, puts }
  if (isRefund(item)) {
    const refund = refundKey(item)
    return { name: refund, order: { ...common, payment: '', kind: 'refund', refund } }
  }
  // The state is part of the name: asking for an overdue order's outcome must not pass for a repeat of its first charge.
  return { name: `${order}/${orderStateName(item.state)}`, order: { ...common, payment: item.payment, kind: kindOf(item.state) } }
}

/** What its user's session is told of its end, and the back office by an id of its own. */
export function endOf(sku: SkuState, item: OutboxItem): EndedOrder {
  const news = isRefund(item) ? newsOfRefund(sku, item) : newsOf(sku, item)
  return { ...news, end: endIdOfItem(item) }
}

/** By which the shard is told that everyone knows of it. */
export function endIdOfItem(item: OutboxItem): string {
  return isRefund(item) ? refundKey(item) : endIdOf(item)
}

function isRefund(item: OutboxItem): item is Refund {
  return 'requestHi' in item
}

function kindOf(state: number): OrderTask {
  if (state === claimState.pending) return 'charge'
  return state === claimState.overdue ? 'close' : 'refund'
}

function newsOfRefund({ settings }: SkuState, refund: Refund): OrderNews {
  const { claim, user, order, qty, orderMinor: amountMinor, refundedMinor, updatedAt } = refund
  const state = refundedMinor >= amountMinor ? 'refunded' : 'paid'
  return { sku: settings.sku, currency: settings.currency, claim, user, order, qty, amountMinor, state, refundedMinor, updatedAt }
}
