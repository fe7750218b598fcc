import { z } from 'zod'
import { orderIdSchema } from '../protocol/id-schemas.ts'
import { type QueueContent, QueueMessages } from './queue-messages.ts'
import { orderTasks, type QueuedOrder } from './queue.ts'

const orderSchema = z.object({
  order: orderIdSchema,
  user: z.string(),
  qty: z.int().nonnegative(),
  amountMinor: z.int().nonnegative(),
  currency: z.string(),
  payment: z.string(),
  kind: z.enum(orderTasks),
  refund: z.string().exactOptional(),
  // Not told before there was a reader for it.
  puts: z.int().positive().default(1),
})

/** What a queue to payment workers carries. */
export const orderContent: QueueContent<QueuedOrder> = { name: 'orders', durable: 'workers', messages: new QueueMessages(orderSchema) }
