import type { ArchiveRecord } from '../../cluster/store.ts'
import { formatOrderTag, orderTag } from '../../protocol/ids.ts'
import { readRecord } from '../journal/journal-records.ts'
import { readStockEvent } from '../journal/stock-events.ts'
import { StartFault } from '../start-fault.ts'
import type { JournaledOrder } from './journaled-order.ts'
import { SkuOrders } from './sku-orders.ts'

/**
 * Reads the orders out of one inventory shard's journal, record by record. Memory: the claims that are live at a time, however many orders there were.
 * Where the oldest records are past the archive's time, what began in them is only counted.
 */
export class ShardOrders {
  private readonly shard: string
  private readonly skus = new Map<number, SkuOrders>()
  private ended: JournaledOrder[] = []
  private orderTag: string | undefined
  private unnamed = 0

  constructor(shard: string) {
    this.shard = shard
  }

  /** Events of orders that began before what is kept. */
  get unknown(): number {
    let unknown = this.unnamed
    for (const sku of this.skus.values()) unknown += sku.unknown
    return unknown
  }

  /** The orders that end in this record. Throws a {@link StartFault} if it cannot be read. */
  take({ position, bytes }: Pick<ArchiveRecord, 'position' | 'bytes'>): readonly JournaledOrder[] {
    // The first of all has no tag; one further on can only be the first that is left.
    this.orderTag ??= position.seq === 0 ? '' : formatOrderTag(orderTag(position.epoch))
    if (position.seq === 0) return []
    const record = readRecord(bytes)
    const where = `${this.shard} ${position.epoch}-${position.seq}`
    if (typeof record === 'string') throw unreadable(where, record)
    this.ended = []
    for (const bytesOfEvent of record.events) {
      const event = readStockEvent(bytesOfEvent)
      if (typeof event === 'string') throw unreadable(where, event)
      if (event.kind === 'configured') this.skus.set(event.index, new SkuOrders(event.settings, (order) => this.ended.push(order)))
      else if (event.kind === 'erased') continue
      else if (event.kind !== 'resumedBy') this.tell(event.index, event, record.now)
      else if (event.epoch !== 0) this.orderTag = formatOrderTag(orderTag(event.epoch))
    }
    return this.ended
  }

  *open(): Generator<JournaledOrder> {
    for (const sku of this.skus.values()) yield* sku.open()
  }

  private tell(index: number, event: Parameters<SkuOrders['take']>[0], now: number): void {
    const sku = this.skus.get(index)
    if (sku !== undefined) sku.take(event, now, this.orderTag ?? '')
    else if (event.kind === 'ordered' || event.kind === 'settled') this.unnamed++
  }
}

function unreadable(where: string, problem: string): StartFault {
  return new StartFault(`${where} ${problem}; sluice journal verify says more`)
}
