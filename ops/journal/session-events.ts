import { z } from 'zod'
import { unpackInner } from '../../protocol/inner-codec.ts'
import type { ReadEvent } from './journal-records.ts'

/** What a session shard's journal says, read from the bytes that actors/session/session-events.ts describes, with code of its own. */
export type SessionEvent =
  | { readonly kind: 'attached' | 'detached'; readonly user: string; readonly gateway: string }
  /** News of an order that came to the user's session. */
  | ({ readonly kind: 'orderNews'; readonly user: string } & z.output<typeof orderSchema>)
  /** What the shop calls the user from here on. */
  | ({ readonly kind: 'named'; readonly user: string } & z.output<typeof infoSchema>)
  /** From here on nothing is known of the user but what counts against limits, under a pseudonym. */
  | { readonly kind: 'userErased'; readonly user: string }
  /** Stands where an event of a user stood who was erased; of no user. */
  | { readonly kind: 'struck' }
  /** Units that count against the limit of a sale from here on. */
  | ({ readonly kind: 'setAside'; readonly user: string } & z.output<typeof setAsideSchema>)
  /** What the SKU's own shard says of all units of this user. */
  | ({ readonly kind: 'unitsCounted'; readonly user: string } & z.output<typeof countedSchema>)
  /** A new owner; of no user. */
  | { readonly kind: 'resumed'; readonly gapMs: number }

const orderSchema = z.object({ order: z.string(), sku: z.string(), state: z.string(), qty: z.int() })
const infoSchema = z.object({ displayName: z.string().nullable(), tier: z.string().nullable() })
const setAsideSchema = z.object({ sku: z.string(), sale: z.string(), number: z.int(), qty: z.int() })
const countedSchema = z.object({ sku: z.string(), sale: z.string(), number: z.int(), live: z.int(), bought: z.int() })

const userBytesAt = 16
const userAt = 17
const utf8 = new TextDecoder('utf-8', { fatal: true })

/** What is wrong with an event's bytes, in words, or the event. */
export function readSessionEvent(event: ReadEvent): SessionEvent | string {
  try {
    return decode(event) ?? `has an event of the unknown kind ${event.kind}`
  } catch (error) {
    return `has an event of kind ${event.kind} that cannot be read: ${error instanceof Error ? error.message : String(error)}`
  }
}

function decode({ kind, view, bytes }: ReadEvent): SessionEvent | undefined {
  const bodyAt = userAt + view.getUint8(userBytesAt)
  const user = utf8.decode(bytes.subarray(userAt, bodyAt))
  const body = bytes.slice(bodyAt)
  switch (kind) {
    case 32:
      return { kind: 'attached', user, gateway: utf8.decode(body) }
    case 33:
      return { kind: 'detached', user, gateway: utf8.decode(body) }
    case 34:
      return { kind: 'orderNews', user, ...orderSchema.parse(unpackInner(body)) }
    case 38:
      return { kind: 'resumed', gapMs: view.getFloat64(userAt, true) }
    case 39:
      return { kind: 'named', user, ...infoSchema.parse(unpackInner(body)) }
    case 40:
      return { kind: 'userErased', user }
    case 41:
      return { kind: 'struck' }
    case 48:
      return { kind: 'setAside', user, ...setAsideSchema.parse(unpackInner(body)) }
    case 49:
      return { kind: 'unitsCounted', user, ...countedSchema.parse(unpackInner(body)) }
    default:
      return undefined
  }
}
