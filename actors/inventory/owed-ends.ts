import type { EndedOrder } from './ended-order.ts'
import type { InventoryState } from './inventory-state.ts'
import { endOf, isOver, keyOf } from './outbox-item.ts'

/** Which ends of orders to tell of. */
export interface OwedQuestion {
  /** Only those of before this time. */
  readonly endedBefore: number
  /** At most so many. */
  readonly limit: number
}

/** An end that not everyone has who should. */
export interface OwedEnd extends EndedOrder {
  /** How often the present owner has handed it on. */
  readonly tries: number
}

export interface OwedEnds {
  /** All of them, old and new. */
  readonly count: number
  readonly ends: readonly OwedEnd[]
}

/** What a shard's outbox has still to bring to somebody. Cost: one step per open order or refund. */
export function owedEnds(state: InventoryState, { endedBefore, limit }: OwedQuestion, triesOf: (key: string) => number): OwedEnds {
  let count = 0
  const ends: OwedEnd[] = []
  for (const sku of state.skus) {
    for (const item of [...sku.orders.values(), ...sku.refunds.inOutbox()]) {
      if (!isOver(item)) continue
      count++
      if (item.updatedAt < endedBefore && ends.length < limit) ends.push({ ...endOf(sku, item), tries: triesOf(keyOf(item)) })
    }
  }
  return { count, ends }
}
