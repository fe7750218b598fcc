import type { Consumer, Delivery, Queue, QueuedOrder } from '../../cluster/queue.ts'
import type { World } from '../../cluster/world.ts'
import { codeTable } from '../../protocol/codes.ts'
import { op } from '../../protocol/entry.ts'
import { type OrderParts, parseOrderId } from '../../protocol/ids.ts'
import { packInner } from '../../protocol/inner-codec.ts'
import type { Plain } from '../../protocol/msgpack-writer.ts'
import type { Settlement } from '../inventory/decide-order.ts'
import type { PaymentProvider } from './payment-provider.ts'
import { type RetryLimits, RetryPauses } from './retry-pauses.ts'
import type { ShardCalls } from './shard-calls.ts'

export interface PaymentWorkerLimits extends RetryLimits {
  /** Payments under way at a time. */
  readonly concurrency: number
  /** For one answer of the provider; after that the outcome is unknown. */
  readonly providerDeadlineMs: number
}

export const paymentWorkerLimits: PaymentWorkerLimits = {
  concurrency: 64,
  providerDeadlineMs: 10_000,
  triesMax: 8,
  retryFirstMs: 200,
  retryMostMs: 5_000,
}

interface PaymentWorkerParts {
  readonly queue: Pick<Queue, 'consume'>
  readonly provider: PaymentProvider
  readonly calls: ShardCalls
  readonly world: World
  readonly limits?: Partial<PaymentWorkerLimits>
}

/** An order goes back to the queue, which hands it out again later. */
export class PaymentFault extends Error {
  readonly code: 'PAYMENT_UNKNOWN' | 'SETTLE_UNKNOWN' | 'ORDER_UNREADABLE'

  constructor(code: PaymentFault['code'], message: string) {
    super(message)
    this.code = code
  }
}

/**
 * Takes orders from the queue, moves the money and tells the inventory. Every step may happen again, after a crash or because the queue delivers
 * twice: the order's id is the provider's idempotency key, so a repeat does not charge again, and the first settlement that counts decides.
 *
 *     charge -> paid | declined                        -> settle, until the shard has said yes or no
 *            -> unknown -> query ... -> paid | declined   (absent -> charge)
 *     refund -> refunded                               -> settle
 *
 * What is not known after so many tries goes back to the queue, and what the queue loses comes again from the journal.
 */
export class PaymentWorker {
  readonly counters = { paid: 0, declined: 0, refunded: 0, givenBack: 0, returned: 0 }
  private readonly parts: PaymentWorkerParts
  private readonly limits: PaymentWorkerLimits
  private readonly pauses: RetryPauses
  private readonly underWay = new Map<string, Promise<void>>()
  private readonly consumer: Consumer

  constructor(parts: PaymentWorkerParts) {
    this.parts = parts
    this.limits = { ...paymentWorkerLimits, ...parts.limits }
    this.pauses = new RetryPauses(parts.world, this.limits)
    this.consumer = parts.queue.consume(this.limits.concurrency, (delivery) => this.deliver(delivery))
  }

  /** Takes no more orders; what is under way ends soon, and what cannot goes back to the queue. */
  async close(): Promise<void> {
    this.pauses.end()
    await this.consumer.close()
  }

  /** The same order delivered twice at a time is worked on once. */
  private deliver({ order }: Delivery): Promise<void> {
    const key = `${order.kind} ${order.order}`
    const known = this.underWay.get(key)
    if (known !== undefined) return known
    const work = this.work(order).finally(() => this.underWay.delete(key))
    this.underWay.set(key, work)
    return work
  }

  private async work(order: QueuedOrder): Promise<void> {
    try {
      const id = parseOrderId(order.order)
      if (id === undefined) throw new PaymentFault('ORDER_UNREADABLE', `${order.order} is not an order id`)
      if (order.kind === 'refund') await this.refund(order, id)
      else await this.charge(order, id)
    } catch (error) {
      this.counters.returned++
      this.parts.world.log.warn({ order: order.order, error: String(error) }, 'an order goes back to the queue')
      throw error
    }
  }

  private async charge(order: QueuedOrder, id: OrderParts): Promise<void> {
    const outcome = await this.outcomeOf(order)
    const state = await this.settle(order, id, outcome)
    if (outcome === 'declined') this.counters.declined++
    else if (state === 'declined' || state === 'cancelled') {
      // The order ended another way before its money came: nothing stands against that money, so it goes back (G8).
      await this.giveBack(order)
      this.counters.givenBack++
    } else this.counters.paid++
  }

  private async refund(order: QueuedOrder, id: OrderParts): Promise<void> {
    await this.giveBack(order)
    await this.settle(order, id, 'refunded')
    this.counters.refunded++
  }

  private async outcomeOf(order: QueuedOrder): Promise<'paid' | 'declined'> {
    const { provider } = this.parts
    let outcome: 'paid' | 'declined' | 'unknown' | 'absent' = 'absent'
    for (let tried = 1; ; tried++) {
      outcome = await this.ask(order, outcome === 'absent' ? provider.charge(order, order.order) : provider.query(order.order))
      if (outcome === 'paid' || outcome === 'declined') return outcome
      if (!(await this.pauses.before(tried))) throw new PaymentFault('PAYMENT_UNKNOWN', `whether ${order.order} is paid is not known yet`)
    }
  }

  /** Resolves when none of the buyer's money is left with the provider. */
  private async giveBack(order: QueuedOrder): Promise<void> {
    for (let tried = 1; ; tried++) {
      if ((await this.ask(order, this.parts.provider.refund(order, order.order))) !== 'unknown') return
      if (!(await this.pauses.before(tried)))
        throw new PaymentFault('PAYMENT_UNKNOWN', `whether ${order.order} is refunded is not known yet`)
    }
  }

  /** Tells the inventory until it has said yes or no; resolves with the order's state, or undefined if the inventory has put the order away. */
  private async settle(order: QueuedOrder, id: OrderParts, outcome: Settlement['outcome']): Promise<string | undefined> {
    const { calls, world } = this.parts
    const settlement: Settlement = { incarnation: id.incarnation, claim: id.claim, outcome }
    const payload = packInner(settlement)
    for (let tried = 1; ; tried++) {
      const { error, result } = await calls.request('inv', calls.shardOfText(id.sku), { op: op.settle, sku: id.sku, payload })
      if (error === null) return stateOf(result)
      if (codeTable[error.code].retry === 'never') {
        world.log.info({ order: order.order, outcome, code: error.code }, 'the inventory has put this order away already')
        return undefined
      }
      if (!(await this.pauses.before(tried)))
        throw new PaymentFault('SETTLE_UNKNOWN', `${order.order} could not be settled yet: ${error.code}`)
    }
  }

  /** The provider's answer; a failure, and silence past the deadline, say that the outcome is unknown. */
  private ask<T extends string>(order: QueuedOrder, answer: Promise<T>): Promise<T | 'unknown'> {
    const { world } = this.parts
    return new Promise((resolve) => {
      const timer = world.timers.after(this.limits.providerDeadlineMs, () => resolve('unknown'))
      const end = (outcome: T | 'unknown'): void => {
        timer.cancel()
        resolve(outcome)
      }
      answer.then(end, (error: unknown) => {
        world.log.warn({ order: order.order, error: String(error) }, 'the payment provider failed; the outcome is asked for')
        end('unknown')
      })
    })
  }
}

function stateOf(result: Plain): string | undefined {
  if (typeof result !== 'object' || result === null || !('state' in result)) return undefined
  const { state } = result
  return typeof state === 'string' ? state : undefined
}
