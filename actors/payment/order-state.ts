import { decodeFoundOrder } from '../../protocol/client/result-decoders.ts'
import { op } from '../../protocol/entry.ts'
import { type OrderId, parseOrderId } from '../../protocol/ids.ts'
import { packInner } from '../../protocol/inner-codec.ts'
import type { OrderName } from '../inventory/order-ids.ts'
import type { ShardCalls } from './shard-calls.ts'
import { stateIn } from './told-state.ts'

/** What the journal has of an order: its state, `gone` if its SKU does not know it any more, `unknown` if its shard does not say. */
export async function orderState(calls: ShardCalls, order: OrderId, user: string): Promise<string> {
  const id = parseOrderId(order)
  if (id === undefined) return 'unknown'
  const name: OrderName = { incarnation: id.incarnation, claim: id.claim }
  const payload = packInner(name)
  const { error, result } = await calls.request('inv', calls.shardOfText(id.sku), { op: op.orderGet, sku: id.sku, user, payload })
  if (error?.code === 'UNKNOWN_ORDER' || error?.code === 'UNKNOWN_SKU') return 'gone'
  return error === null ? (stateIn(result) ?? 'unknown') : 'unknown'
}

/** What the journal has of one refund of a paid order. */
export async function refundState(calls: ShardCalls, order: OrderId, key: string): Promise<string> {
  const id = parseOrderId(order)
  if (id === undefined) return 'unknown'
  const payload = packInner(id)
  const { error, result } = await calls.request('inv', calls.shardOfText(id.sku), { op: op.orderFind, sku: id.sku, payload })
  if (error?.code === 'UNKNOWN_ORDER') return 'gone'
  return error === null ? (decodeFoundOrder(result).refunds.find(({ refund }) => refund === key)?.state ?? 'gone') : 'unknown'
}
