import type { OrderTask } from '../../cluster/queue.ts'
import type { OrderId } from '../../protocol/ids.ts'

/** An order that was tried in vain too often or for too long, and that still needs something. Without its token. */
export interface DeadOrder {
  readonly order: OrderId
  readonly user: string
  readonly amountMinor: number
  readonly currency: string
  /** What it needs: money moved, or the back office told of its end. */
  readonly kind: OrderTask | 'deliver'
  /** By the journal, of the order or of a refund of a paid one; `gone` if its SKU does not know it any more, `unknown` if its shard does not say. */
  readonly state: string
  readonly attempts: number
  readonly reason: string
}

/** Where an operator finds dead orders. */
export interface DeadSource {
  list(): Promise<readonly DeadOrder[]>
  /** Puts these into their queue again, or all; resolves with those that it put. */
  retry(wanted: ReadonlySet<string> | 'all'): Promise<readonly OrderId[]>
}
