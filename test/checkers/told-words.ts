import { formatOrderId, type OrderId, parseSkuId } from '../../protocol/ids.ts'
import type { ClaimState, OrderState } from '../../protocol/results.ts'

/** Words that somebody is told of shoes, for tests. */

export function queued(ticket: number, ahead = 0): ClaimState {
  return { state: 'queued', ticket, ahead, eta: null, odds: 'likely' }
}

export function held(hold: number, expiresAt = 20_000): ClaimState {
  return { state: 'held', hold, qty: 1, expiresAt }
}

export function ordered(claim: number, state: OrderState = 'pending'): ClaimState {
  return { state, order: orderId(claim), qty: 1, amountMinor: 1_999, currency: 'EUR' }
}

export function orderId(claim: number): OrderId {
  const sku = parseSkuId('shoe')
  if (sku === undefined) throw new Error('no SKU')
  return formatOrderId({ sku, incarnation: 'inc1', claim })
}
