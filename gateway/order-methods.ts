import type { Calls } from '../cluster/calls.ts'
import type { Random } from '../cluster/world.ts'
import { decodeFoundOrder, decodeOrders } from '../protocol/client/result-decoders.ts'
import { op } from '../protocol/entry.ts'
import type { OrderId } from '../protocol/ids.ts'
import { packInner } from '../protocol/inner-codec.ts'
import type { Plain } from '../protocol/msgpack-writer.ts'
import type { Forwarder } from './forwarder.ts'
import type { Call, MethodBody } from './method.ts'

export interface OrderMethodsParts {
  readonly forwarder: Forwarder
  readonly calls: Calls
  readonly random: Random
}

const amountMost = Number.MAX_SAFE_INTEGER
const requestIdLength = 16

/** What operators do with single orders. */
export function orderMethods(parts: OrderMethodsParts): readonly MethodBody[] {
  const { forwarder, random } = parts
  return [
    { name: 'order.find', role: 'operator', run: (call) => findOrder(parts, call) },
    {
      name: 'order.refund',
      role: 'operator',
      run: (call) => {
        const { params } = call
        const { parts: order } = params.order()
        const amount = params.integer('amountMinor', 1, amountMost, 0)
        const requestId = params.requestId() ?? random.id(requestIdLength)
        params.end()
        const payload = packInner({ ...order, amountMinor: amount === 0 ? undefined : amount })
        forwarder.toInventory(call, { op: op.orderRefund, sku: order.sku, requestId, payload })
      },
    },
  ]
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
