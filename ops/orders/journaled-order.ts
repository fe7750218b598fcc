import type { OrderId } from '../../protocol/ids.ts'
import type { OrderState } from '../../protocol/results.ts'

/** An order as the journal has it. Times are ms since 1970, money is minor units. */
export interface JournaledOrder {
  /** What to deduplicate by: of two lines about one order the later one counts. */
  readonly order: OrderId
  readonly sku: string
  readonly user: string
  readonly qty: number
  readonly amountMinor: number
  readonly currency: string
  readonly state: OrderState
  /** What has gone back of what was paid. */
  readonly refundedMinor: number
  /** Not in a line about what was given back of an order that had ended before. */
  readonly orderedAt?: number
  readonly updatedAt: number
}

export const orderStates = [
  'pending',
  'overdue',
  'refunding',
  'paid',
  'declined',
  'cancelled',
  'refunded',
  'unrefunded',
] as const satisfies readonly OrderState[]

/** Its outcome is not known yet, or its money is still on its way back. */
export function isOpenState(state: OrderState): boolean {
  return state === 'pending' || state === 'overdue' || state === 'refunding'
}

export function isOrderState(text: string): text is OrderState {
  return orderStates.some((state) => state === text)
}
