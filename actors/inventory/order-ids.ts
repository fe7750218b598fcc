import { formatOrderId, formatOrderTag, type OrderId } from '../../protocol/ids.ts'
import { isOrder } from './claim.ts'
import type { SkuState } from './sku-state.ts'

/** What an order's id says beside the SKU. */
export interface OrderName {
  readonly incarnation: string
  readonly claim: number
}

/** The id of the order that the row's claim is. */
export function orderIdOf(sku: SkuState, row: number): OrderId {
  const { users } = sku
  return orderIdBy(sku, users.claim(row), users.orderTag(row))
}

/** The id of an order of this SKU. */
export function orderIdBy(sku: SkuState, claim: number, tag: number): OrderId {
  return formatOrderId({ sku: sku.settings.sku, incarnation: taggedBy(sku, tag), claim })
}

/** The tag in an order's name; undefined if the order is of another SKU of this name. */
export function orderTagOf(sku: SkuState, { incarnation }: OrderName): number | undefined {
  if (!incarnation.startsWith(sku.incarnation)) return undefined
  const text = incarnation.slice(sku.incarnation.length)
  const tag = text === '' ? 0 : Number.parseInt(text, 36)
  return formatOrderTag(tag) === text ? tag : undefined
}

/** The row whose claim is or was this order; -1 if there is none. */
export function rowOfOrder(sku: SkuState, { incarnation, claim }: OrderName): number {
  const { users } = sku
  const row = users.rowOf(claim)
  if (row < 0 || !isOrder(users.state(row))) return -1
  return taggedBy(sku, users.orderTag(row)) === incarnation ? row : -1
}

/**
 * Whether an order without a row certainly never was in this journal: a store that lost its newest records has lost it. Of a claim whose place in the
 * table somebody has taken, and that ended longer ago than is remembered, nobody can tell.
 */
export function wasNeverOrdered(sku: SkuState, { incarnation, claim }: OrderName): boolean {
  if (!incarnation.startsWith(sku.incarnation) || claim === 0 || claim > sku.lastClaim) return true
  // The claim is what its row says: another order, or none.
  if (sku.users.rowOf(claim) >= 0) return true
  const ended = sku.ended.find(claim)
  if (ended === undefined) return false
  return ended.orderTag === undefined || taggedBy(sku, ended.orderTag) !== incarnation
}

function taggedBy({ incarnation }: SkuState, tag: number): string {
  return incarnation + formatOrderTag(tag)
}
