import { csvLine } from './csv.ts'
import type { JournaledOrder } from './journaled-order.ts'

export type OrderFormat = 'csv' | 'jsonl'

const columns = [
  'order',
  'sku',
  'user',
  'qty',
  'amountMinor',
  'currency',
  'state',
  'orderedAt',
  'updatedAt',
  'refundedMinor',
] as const satisfies readonly (keyof JournaledOrder)[]

/** What stands before the first order. */
export function orderHead(format: OrderFormat): string {
  return format === 'csv' ? `${csvLine(columns)}\n` : ''
}

export function orderLine(format: OrderFormat, order: JournaledOrder): string {
  return format === 'csv' ? `${csvLine(columns.map((column) => order[column] ?? ''))}\n` : `${JSON.stringify(order)}\n`
}
