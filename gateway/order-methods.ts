import type { Calls, Command } from '../cluster/calls.ts'
import type { Random } from '../cluster/world.ts'
import { decodeFoundOrder, decodeOrders, decodeRefundedOrder } from '../protocol/client/result-decoders.ts'
import { op } from '../protocol/entry.ts'
import type { OrderId, SkuId } from '../protocol/ids.ts'
import { packInner } from '../protocol/inner-codec.ts'
import type { Plain } from '../protocol/msgpack-writer.ts'
import { named } from './audit-content.ts'
import type { Call, MethodBody } from './method.ts'

export interface OrderMethodsParts {
  readonly calls: Calls
  readonly random: Random
}

const amountMost = Number.MAX_SAFE_INTEGER
const requestIdLength = 16

/** What operators do with single orders. */
export function orderMethods(parts: OrderMethodsParts): readonly MethodBody[] {
  const { random } = parts
  return [
    { name: 'order.find', role: 'operator', run: (call) => findOrder(parts, call) },
    {
      name: 'order.refund',
      role: 'operator',
      change: named('order', 'amountMinor', 'requestId'),
      run: (call) => {
        const { params } = call
        const { parts: order } = params.order()
        const amount = params.integer('amountMinor', 1, amountMost, 0)
        const requestId = params.requestId() ?? random.id(requestIdLength)
        params.end()
        const payload = packInner({ ...order, amountMinor: amount === 0 ? undefined : amount })
        return giveBack(parts, call, { op: op.orderRefund, sku: order.sku, requestId, payload })
      },
    },
  ]
}

async function giveBack({ calls }: OrderMethodsParts, call: Call, command: Command & { readonly sku: SkuId }): Promise<void> {
  const { error, result } = await calls.request('inv', calls.shardOfText(command.sku), command)
  if (error !== null) return call.refusal(error)
  const { state, amountMinor, refund } = decodeRefundedOrder(result)
  call.changed(null, { state, amountMinor, refund: { ...refund } })
  call.result(result)
}

/** What the inventory knows of the order, and in `told` what its user's session does: nil if nothing, as with an order that has not ended. */
async function findOrder({ calls }: OrderMethodsParts, call: Call): Promise<void> {
  const { id, parts: order } = call.params.order()
  call.params.end()
  const found = await calls.request('inv', calls.shardOfText(order.sku), { op: op.orderFind, sku: order.sku, payload: packInner(order) })
  if (found.error !== null) return call.refusal(found.error)
  const { user, refunds, ...rest } = decodeFoundOrder(found.result)
  const told = await toldOf(calls, user, id)
  call.result({ ...rest, user, refunds: refunds.map((refund) => ({ ...refund })), told })
}

async function toldOf(calls: Calls, user: string, order: OrderId): Promise<Plain> {
  const { error, result } = await calls.request('ses', calls.shardOfText(user), { op: op.orderList, user })
  if (error !== null) return null
  const told = decodeOrders(result).find((one) => one.order === order)
  return told === undefined ? null : { ...told }
}
