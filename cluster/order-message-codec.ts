import { z } from 'zod'
import { orderIdSchema } from '../protocol/id-schemas.ts'
import { type DeadLetter, orderTasks, type QueuedOrder } from './queue.ts'

/**
 * Orders as they lie in a queue outside of this process: JSON, so that an operator can read them there. A reader refuses a version that it does not
 * know, and overlooks fields that it does not know.
 */
const version = 1

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

const messageSchema = z.object({ v: z.literal(version), id: z.string(), order: orderSchema })
const letterSchema = messageSchema.extend({ attempts: z.int().positive(), reason: z.string() })

export function encodeOrder(id: string, order: QueuedOrder): Uint8Array {
  return Buffer.from(JSON.stringify({ v: version, id, order }))
}

export function decodeOrder(bytes: Uint8Array): { readonly id: string; readonly order: QueuedOrder } | undefined {
  const { data } = messageSchema.safeParse(parsed(bytes))
  return data === undefined ? undefined : { id: data.id, order: data.order }
}

export function encodeLetter(letter: DeadLetter): Uint8Array {
  return Buffer.from(JSON.stringify({ v: version, ...letter }))
}

export function decodeLetter(bytes: Uint8Array): DeadLetter | undefined {
  const { data } = letterSchema.safeParse(parsed(bytes))
  return data === undefined ? undefined : { id: data.id, order: data.order, attempts: data.attempts, reason: data.reason }
}

function parsed(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(bytes).toString())
  } catch {
    return undefined
  }
}
