import type { JournalSource } from '../journal/journal-audit.ts'
import type { JournaledOrder } from './journaled-order.ts'
import { ShardOrders } from './shard-orders.ts'

/**
 * Every order in a journal, each when it ends and at last those that have not, shard by shard. `onIncomplete` hears of shards whose archive does not reach
 * back to the beginning of all its orders, with the number of events that could not be told. Memory: the live claims of one shard.
 */
export async function* readOrders(
  source: Pick<JournalSource, 'shards' | 'readArchive'>,
  onIncomplete: (shard: string, events: number) => void,
): AsyncGenerator<JournaledOrder> {
  for (const shard of source.shards) {
    if (!shard.startsWith('inv.')) continue
    const orders = new ShardOrders(shard)
    for await (const record of source.readArchive(shard)) yield* orders.take(record)
    yield* orders.open()
    if (orders.unknown > 0) onIncomplete(shard, orders.unknown)
  }
}
