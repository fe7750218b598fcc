import type { OrderId } from '../protocol/ids.ts'

/**
 * Carries orders to payment workers, and ended ones to those who tell the back office: at least once, deduplicated by id for a while, and allowed to lose
 * everything, because the journal puts an order again that still needs something. Every adapter passes `queue-contract.ts`.
 */
export interface Queue<T = QueuedOrder> {
  /** Resolves when the queue has the order, or already had this id. Rejects with a {@link QueueFault}. */
  put(id: string, order: T): Promise<void>
  /** Hands out orders, at most `concurrency` at a time, until closed. A handler that throws or outlives the ack deadline gets the order again, later each time. */
  consume(concurrency: number, handler: (delivery: Delivery<T>) => Promise<void>): Consumer
  /** Orders that were handed out too often without an end. */
  deadLetters(): Promise<readonly DeadLetter<T>[]>
  close(): Promise<void>
}

/** What a worker needs to charge and to settle. `id` in the queue is the order's id and its attempt. */
export interface QueuedOrder {
  readonly order: OrderId
  readonly user: string
  readonly qty: number
  readonly amountMinor: number
  readonly currency: string
  readonly payment: string
  readonly kind: OrderTask
  /** With `refund`: the key of one refund of a paid order, of which `amountMinor` is the amount. Without it all of a charge that never became a sale goes back. */
  readonly refund?: string
  /** How often it was put since its shard had to: from the second time on it may have been settled meanwhile. */
  readonly puts: number
}

/**
 * `charge`: take the money. `close`: see to it that nothing is taken any more, and find out whether something was. `refund`: nothing is taken any more, and all that
 * was goes back.
 */
export type OrderTask = (typeof orderTasks)[number]
export const orderTasks = ['charge', 'close', 'refund'] as const

export interface Delivery<T = QueuedOrder> {
  readonly id: string
  readonly order: T
  /** 1 for the first time. */
  readonly attempt: number
}

export interface DeadLetter<T = QueuedOrder> {
  readonly id: string
  readonly order: T
  readonly attempts: number
  readonly reason: string
}

export interface Consumer {
  /** Takes no more, and resolves when what is under way has ended. */
  close(): Promise<void>
}

export class QueueFault extends Error {
  readonly code: 'QUEUE_FULL' | 'QUEUE_CLOSED' | 'QUEUE_FAILED'

  constructor(code: QueueFault['code'], message: string, cause?: unknown) {
    super(message, cause === undefined ? {} : { cause })
    this.code = code
  }
}
