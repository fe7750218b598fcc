import { parentPort, workerData } from 'node:worker_threads'
import { z } from 'zod'
import { orderLine } from '../../ops/orders/order-lines.ts'
import { readOrders } from '../../ops/orders/read-orders.ts'
import { syntheticOrders } from './synthetic-orders.ts'

// Exports a journal of so many orders to nobody, in a thread that has little memory.
const count = z.int().parse(workerData)
let lines = 0
const source = { shards: ['inv.0'] as const, readArchive: () => syntheticOrders(count) }
for await (const order of readOrders(source, () => {})) {
  if (orderLine('csv', order).length > 0) lines++
}
parentPort?.postMessage({ lines }, [])
