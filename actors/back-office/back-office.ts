import type { EndedOrder } from '../inventory/ended-order.ts'

/** Where a shop goes on with orders that have ended. */
export interface BackOffice {
  /** Resolves when it has this end for good. May be told of one again, and knows it by its id. */
  take(ended: EndedOrder): Promise<'taken'>
}
