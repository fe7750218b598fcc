import type { MetricSink } from '../../cluster/metrics.ts'
import { skuLabels } from '../../cluster/sku-labels.ts'
import { orderStateName } from './claim.ts'
import { isOpen } from './order-life.ts'
import type { SkuState } from './sku-state.ts'

const openStates = ['pending', 'overdue', 'refunding'] as const

/**
 * Tells where the SKUs of a node stand, by the state of their owners. `now` in ms since 1970. Cost: one step for each order that is not put away yet.
 */
export function collectInventory(sink: MetricSink, skus: readonly SkuState[], now: number): void {
  collectStock(sink, skus)
  collectOrders(sink, skus, now)
}

function collectStock(sink: MetricSink, skus: readonly SkuState[]): void {
  const labelsOf = skuLabels(skus.map(({ settings: { sku }, phase }) => ({ sku, isLive: phase === 'open' || phase === 'paused' })))
  for (const sku of skus) {
    const labels = labelsOf(sku.settings.sku)
    sink.gauge('sluice_sku_put_in_units', 'Units that operators have put into a SKU', sku.units, labels)
    sink.gauge(
      'sluice_sku_conservation_difference_units',
      'By how many units available, held, ordered and sold miss what was put in; anything but 0 is a bug',
      missingOf(sku),
      labels,
    )
  }
}

/** Never negative, so that one SKU's surplus does not hide another one's want. */
function missingOf({ available, held, ordered, sold, units }: SkuState): number {
  const negative = [available, held, ordered, sold].reduce((sum, one) => sum + Math.max(0, -one), 0)
  return Math.abs(available + held + ordered + sold - units) + negative
}

function collectOrders(sink: MetricSink, skus: readonly SkuState[], now: number): void {
  const counts = { pending: 0, overdue: 0, refunding: 0 }
  let untold = 0
  let oldestAt = now
  for (const { orders } of skus) {
    for (const { state, updatedAt } of orders.values()) {
      const name = isOpen(state) ? orderStateName(state) : undefined
      const open = openStates.find((one) => one === name)
      if (open === undefined) untold++
      else {
        counts[open]++
        oldestAt = Math.min(oldestAt, updatedAt)
      }
    }
  }
  for (const state of openStates)
    sink.gauge('sluice_orders_open', 'Orders whose payment has still to come to something', counts[state], { state })
  sink.gauge('sluice_orders_untold', 'Orders that have ended and of which somebody does not know yet', untold)
  sink.gauge('sluice_orders_oldest_open_seconds', 'For how long the oldest open order has been in its state', (now - oldestAt) / 1000)
}
