import { z } from 'zod'
import { type QueueContent, QueueMessages } from '../../cluster/queue-messages.ts'
import { orderIdSchema, skuIdSchema } from '../../protocol/id-schemas.ts'
import type { OrderState } from '../../protocol/results.ts'
import { orderStateNames } from '../inventory/claim.ts'
import type { EndedOrder } from '../inventory/ended-order.ts'

const states: ReadonlySet<unknown> = new Set(Object.values(orderStateNames))

const endedSchema = z.object({
  end: z.string(),
  sku: skuIdSchema,
  claim: z.int().positive(),
  user: z.string(),
  order: orderIdSchema,
  qty: z.int().positive(),
  amountMinor: z.int().nonnegative(),
  currency: z.string(),
  state: z.custom<OrderState>((value) => states.has(value)),
  refundedMinor: z.int().nonnegative().exactOptional(),
  updatedAt: z.number(),
})

const messages = new QueueMessages<EndedOrder>(endedSchema)

/** What a queue to those who tell the back office carries. */
export const officeContent: QueueContent<EndedOrder> = { name: 'office', durable: 'workers', messages }

/** What a shop takes out of a stream of its own (docs/back-office.md). */
export const endedContent: QueueContent<EndedOrder> = { name: 'ended', durable: 'shop', messages }
