import { z } from 'zod'
import { decodeClaim } from '../../protocol/client/result-decoders.ts'
import type { ClaimState } from '../../protocol/results.ts'

/** What the process of inner-shop-worker.ts says on its output, a line each, in the order in which it happens. */
export type InnerLine =
  | { readonly kind: 'ready' }
  /** Before the call leaves. */
  | { readonly kind: 'asks'; readonly user: string; readonly what: 'buy' | 'leave' | 'checkout' }
  /** When the answer has come. */
  | { readonly kind: 'told'; readonly user: string; readonly claim: ClaimState; readonly at: number }
  /** When a broadcast has come that speaks of records up to `seq`. */
  | { readonly kind: 'broadcast'; readonly shard: number; readonly epoch: number; readonly seq: number }

const claim = z.unknown().transform((value) => decodeClaim(z.record(z.string(), z.json()).parse(value)))
const lineSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('ready') }),
  z.object({ kind: z.literal('asks'), user: z.string(), what: z.enum(['buy', 'leave', 'checkout']) }),
  z.object({ kind: z.literal('told'), user: z.string(), claim, at: z.number() }),
  z.object({ kind: z.literal('broadcast'), shard: z.number(), epoch: z.number(), seq: z.number() }),
])

export function readInnerLine(text: string): InnerLine {
  return lineSchema.parse(JSON.parse(text))
}

export const innerSkus = ['lamp', 'chair'] as const

/** Each user of the worker buys one SKU. */
export function skuOfInner(user: string): string {
  return Number(user.slice(user.indexOf('-') + 1)) % 2 === 0 ? innerSkus[0] : innerSkus[1]
}
