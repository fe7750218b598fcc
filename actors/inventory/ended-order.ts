import type { OrderId, SkuId } from '../../protocol/ids.ts'
import type { OrderState } from '../../protocol/results.ts'
import { orderStateName } from './claim.ts'
import type { OpenOrder, SkuState } from './sku-state.ts'

/** What is new about an order. */
export interface OrderNews {
  readonly sku: SkuId
  readonly claim: number
  readonly user: string
  readonly order: OrderId
  readonly qty: number
  readonly amountMinor: number
  readonly currency: string
  readonly state: OrderState
  /** What has gone back of it, if it was paid and something has. */
  readonly refundedMinor?: number
  readonly updatedAt: number
}

/** An end that an order has come to. Some go on and come to another one, as money that arrives for a declined order is given back. */
export interface EndedOrder extends OrderNews {
  /** Of this end of this order, and of no other: order, state and time. Comes from the journal, so it is the same whoever hands it on. */
  readonly end: string
}

export function newsOf(sku: SkuState, order: OpenOrder): OrderNews {
  const { claim, user, qty, amountMinor, updatedAt } = order
  const { sku: id, currency } = sku.settings
  return { sku: id, claim, user, order: order.order, qty, amountMinor, currency, state: orderStateName(order.state), updatedAt }
}

export function endIdOf({ order, state, updatedAt }: Pick<OpenOrder, 'order' | 'state' | 'updatedAt'>): string {
  return `${order}/${orderStateName(state)}/${updatedAt}`
}
