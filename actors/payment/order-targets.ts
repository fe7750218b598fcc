import type { Queue } from '../../cluster/queue.ts'
import type { Log } from '../../cluster/world.ts'
import { op } from '../../protocol/entry.ts'
import { packInner } from '../../protocol/inner-codec.ts'
import type { OutboxTargets } from '../inventory/outbox.ts'
import type { ShardCalls } from './shard-calls.ts'

/** Where an inventory shard's outbox hands its orders on: charges and refunds to the queue, the news of an order's end to the user's session. */
export function orderTargets(parts: { readonly queue: Pick<Queue, 'put'>; readonly calls: ShardCalls; readonly log: Log }): OutboxTargets {
  const { queue, calls, log } = parts
  return {
    log,
    putOrder: (id, order) => queue.put(id, order),
    tellSession: async (news) => {
      const { error } = await calls.request('ses', calls.shardOfText(news.user), {
        op: op.orderNews,
        user: news.user,
        payload: packInner(news),
      })
      if (error !== null) throw new Error(`the session of ${news.user} did not take the news: ${error.code}`)
    },
    delivered: (sku, key) => {
      const failed = (error: unknown): void =>
        log.warn({ order: key, error: String(error) }, 'an order that ended could not be put away yet')
      // The outbox still has the order: it tells the session again and comes back here.
      calls
        .request('inv', calls.shardOfText(sku), { op: op.delivered, sku, payload: packInner(key) })
        .then(({ error }) => (error === null ? undefined : failed(error.code)), failed)
    },
  }
}
