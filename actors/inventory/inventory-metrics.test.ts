import { expect, test } from 'vitest'
import { skusToldMax } from '../../cluster/sku-labels.ts'
import { ToldSamples } from '../../cluster/told-samples.ts'
import { InventoryRig, settingsOf } from '../testing/inventory-rig.ts'
import { collectInventory } from './inventory-metrics.ts'
import { SkuState } from './sku-state.ts'

function told(skus: readonly SkuState[], now = 0): Record<string, number> {
  const sink = new ToldSamples()
  collectInventory(sink, skus, now)
  return sink.told
}

test('OBS-4 open orders are counted by state, with the age of the oldest; those that have ended count until everyone knows', () => {
  const rig = new InventoryRig()
  rig.configure(settingsOf({ stock: 10 }))
  const of = (): Record<string, number> => told(rig.actor.skus, rig.now)
  expect(of()).toMatchObject({ 'sluice_orders_open state=pending': 0, sluice_orders_oldest_open_seconds: 0, sluice_orders_untold: 0 })
  for (const user of ['ann', 'bob']) {
    rig.buy(user)
    rig.checkout(user)
    rig.pass(5_000)
  }
  expect(of()).toMatchObject({ 'sluice_orders_open state=pending': 2, sluice_orders_oldest_open_seconds: 10 })
  const claim = rig.claimOf('ann')
  rig.settle(claim, 'paid')
  expect(of()).toMatchObject({ 'sluice_orders_open state=pending': 1, sluice_orders_oldest_open_seconds: 5, sluice_orders_untold: 1 })
  rig.delivered(claim)
  expect(of()).toMatchObject({ sluice_orders_untold: 0 })
  rig.pass(40_000)
  expect(of()).toMatchObject({ 'sluice_orders_open state=pending': 0, 'sluice_orders_open state=overdue': 1 })
})

test('OBS-5 what was put in and what is missing is told of each SKU, and no surplus hides a want', () => {
  const shoe = skuOf('shoe', 10)
  const hat = skuOf('hat', 5)
  expect(told([shoe, hat])).toMatchObject({
    'sluice_sku_put_in_units sku=shoe': 10,
    'sluice_sku_conservation_difference_units sku=shoe': 0,
    'sluice_sku_conservation_difference_units sku=hat': 0,
  })
  shoe.sold += 2
  hat.available -= 1
  hat.held -= 3
  expect(told([shoe, hat])).toMatchObject({
    'sluice_sku_conservation_difference_units sku=shoe': 2,
    'sluice_sku_conservation_difference_units sku=hat': 7,
  })
})

test('OBS-5 SKUs beyond the limit are told together, so that a difference in one of them is seen', () => {
  const skus = Array.from({ length: skusToldMax + 3 }, (_, i) => skuOf(`sku-${String(i).padStart(4, '0')}`, 1))
  const last = skus.at(-1)
  if (last !== undefined) last.sold++
  expect(told(skus)).toMatchObject({ sluice_sku_put_in_units: 3, sluice_sku_conservation_difference_units: 1 })
})

function skuOf(sku: string, stock: number): SkuState {
  const state = new SkuState(0, settingsOf({ sku, stock }), 'inc1')
  state.units = stock
  state.available = stock
  return state
}
