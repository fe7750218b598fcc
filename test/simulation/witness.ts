import type { Code } from '../../protocol/codes.ts'
import type { ClaimState } from '../../protocol/results.ts'

/** Where a word came from: the answer to a call, an event of its own, or the list after a connect. */
export type Source = 'answer' | 'event' | 'resume'

/** Hears everything that users ask and are told, in the order in which their devices see it. */
export interface Witness {
  /** Before the call leaves. The same `requestId` may be asked for more than once. */
  asks(device: string, user: string, sku: string, what: 'buy' | 'leave' | 'checkout' | 'claim', requestId?: string, qty?: number): void
  told(device: string, user: string, sku: string, claim: ClaimState, source: Source, requestId?: string): void
  /** `what` is the method's name. */
  refused(device: string, user: string, sku: string, what: string, code: Code, requestId?: string): void
}
