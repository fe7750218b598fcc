import type { Queue } from '../../cluster/queue.ts'
import type { Log } from '../../cluster/world.ts'
import { op } from '../../protocol/entry.ts'
import { packInner } from '../../protocol/inner-codec.ts'
import type { EndedOrder } from '../inventory/ended-order.ts'
import type { OutboxTargets } from '../inventory/outbox.ts'
import type { ShardCalls } from './shard-calls.ts'

export interface OrderTargetsParts {
  readonly queue: Pick<Queue, 'put'>
  /** Where the ends of orders go that a back office is told of. */
  readonly office?: Pick<Queue<EndedOrder>, 'put'> | undefined
  readonly calls: ShardCalls
  readonly log: Log
}

/** Where an inventory shard's outbox hands its orders on: charges and refunds to the queue, the news of an order's end to the user's session and to the back office. */
export function orderTargets(parts: OrderTargetsParts): OutboxTargets {
  const { queue, office, calls, log } = parts
  return {
    log,
    ...(office === undefined ? {} : { putEnd: (id, ended) => office.put(id, ended) }),
    putOrder: (id, order) => queue.put(id, order),
    tellSession: async (news) => {
      const { error } = await calls.request('ses', calls.shardOfText(news.user), {
        op: op.orderNews,
        user: news.user,
        payload: packInner(news),
      })
      if (error !== null) throw new Error(`the session of ${news.user} did not take the news: ${error.code}`)
    },
    delivered: (sku, end) => {
      const failed = (error: unknown): void => log.warn({ end, error: String(error) }, 'an order that ended could not be put away yet')
      // The outbox still has the order: it tells the session again and comes back here.
      calls
        .request('inv', calls.shardOfText(sku), { op: op.delivered, sku, payload: packInner(end) })
        .then(({ error }) => (error === null ? undefined : failed(error.code)), failed)
    },
  }
}
