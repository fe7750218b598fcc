import type { Code } from '../../../protocol/codes.ts'
import type { ClaimState, OrderClaim } from '../../../protocol/results.ts'

/** One device of a user. */
export interface Who {
  readonly device: string
  readonly user: string
}

export type Deed = 'buy' | 'leave' | 'checkout' | 'cancel' | 'claim'

/** A call as its maker sees it. */
export interface Asked {
  readonly who: Who
  readonly sku: string
  readonly what: Deed
  /** The same one may be asked for more than once. */
  readonly requestId: string | undefined
  readonly qty: number
  /** False if the same call was answered before: it must not do anything more. */
  readonly mayAct: boolean
  /** What was known of the line when it was asked. */
  readonly servedSoFar: number
}

/** Hears everything that users ask and are told, in the order in which their devices see it. */
export interface Witness {
  /** Before the call leaves. */
  asks(who: Who, sku: string, what: Deed, requestId?: string, qty?: number): Asked
  answered(asked: Asked, claim: ClaimState): void
  refused(asked: Asked, code: Code): void
  /** Unasked: an event, or the list after a connect. */
  told(who: Who, sku: string, claim: ClaimState): void
  /** Something was given back of an order that is not what the user claimed last. */
  refunded(who: Who, sku: string, order: OrderClaim): void
}
