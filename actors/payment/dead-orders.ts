import type { MetricSink, MetricSource } from '../../cluster/metrics.ts'
import type { DeadLetter, Queue, QueuedOrder } from '../../cluster/queue.ts'
import type { World } from '../../cluster/world.ts'
import type { OrderId } from '../../protocol/ids.ts'
import type { DeadOrder, DeadSource } from './dead-source.ts'
import { orderState, refundState } from './order-state.ts'
import type { PaymentWorker } from './payment-worker.ts'
import { RegularLook } from './regular-look.ts'
import type { ShardCalls } from './shard-calls.ts'

export interface DeadOrdersParts {
  readonly queue: Pick<Queue, 'deadLetters' | 'put'>
  readonly calls: ShardCalls
  readonly worker: Pick<PaymentWorker, 'ask'>
  readonly world: World
}

const lookEveryMs = 60_000
const askedAtOnce = 64

/**
 * What an operator should see of the queue's dead letters. The journal puts an unsettled order into the queue again and again, so most of those that died
 * in a bad hour have been settled since: a letter counts only while its order is open, or while the provider may hold money for one that has ended otherwise.
 */
export class DeadOrders implements DeadSource, MetricSource {
  private readonly parts: DeadOrdersParts
  private readonly regular: RegularLook
  private known = 0
  private retried = 0

  constructor(parts: DeadOrdersParts) {
    this.parts = parts
    this.regular = new RegularLook(parts.world, lookEveryMs, 'dead letters', () => this.list())
  }

  async list(): Promise<readonly DeadOrder[]> {
    const letters = await this.letters()
    const orders: DeadOrder[] = []
    for (let from = 0; from < letters.length; from += askedAtOnce) {
      const some = await Promise.all(letters.slice(from, from + askedAtOnce).map((letter) => this.orderOf(letter)))
      orders.push(...some.filter((order) => order !== undefined))
    }
    this.known = orders.length
    return orders
  }

  /** Puts these into the queue again, as they were, or all; resolves with those that it put. */
  async retry(wanted: ReadonlySet<string> | 'all'): Promise<readonly OrderId[]> {
    const { queue, world } = this.parts
    const dead = new Set((await this.list()).map(({ order }) => order))
    const put: OrderId[] = []
    for (const { order } of await this.letters()) {
      if (!dead.has(order.order) || (wanted !== 'all' && !wanted.has(order.order))) continue
      await queue.put(`${nameOf(order)}/retry/${world.clock.now()}`, order)
      this.retried++
      put.push(order.order)
    }
    return put
  }

  close(): Promise<void> {
    return this.regular.close()
  }

  collect(sink: MetricSink): void {
    sink.gauge('sluice_orders_dead', 'Orders that payment workers have tried in vain too often, at the last look', this.known)
    sink.counter('sluice_orders_retried_total', 'Dead orders that operators had tried again', this.retried)
  }

  /** The newest letter of each order, and of each refund of a paid one. */
  private async letters(): Promise<readonly DeadLetter[]> {
    const newest = new Map<string, DeadLetter>()
    for (const letter of await this.parts.queue.deadLetters()) newest.set(nameOf(letter.order), letter)
    return [...newest.values()]
  }

  private async orderOf({ order: letter, attempts, reason }: DeadLetter): Promise<DeadOrder | undefined> {
    const { order, user, amountMinor, currency, kind, refund } = letter
    const state = await (refund === undefined ? orderState(this.parts.calls, order, user) : refundState(this.parts.calls, order, refund))
    if (refund !== undefined) return state === 'done' ? undefined : { order, user, amountMinor, currency, kind, state, attempts, reason }
    if (state === 'paid' || state === 'refunded') return undefined
    // The order has ended without the money; what is left of it with the provider has to go back.
    if ((state === 'declined' || state === 'cancelled' || state === 'gone') && (await this.isWithoutMoney(order))) return undefined
    return { order, user, amountMinor, currency, kind, state, attempts, reason }
  }

  private async isWithoutMoney(order: OrderId): Promise<boolean> {
    const outcome = await this.parts.worker.ask(order)
    return outcome === 'declined' || outcome === 'absent'
  }
}

function nameOf({ order, refund }: QueuedOrder): string {
  return refund ?? order
}
