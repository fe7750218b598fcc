import { afterEach, expect, test } from 'vitest'
import { sampledOf } from '../cluster/calls.ts'
import { skusToldMax } from '../cluster/sku-labels.ts'
import { ToldSamples } from '../cluster/told-samples.ts'
import { skuChange, skuSettings } from '../gateway/view-fixtures.ts'
import { GatewayRig } from './gateway-rig.ts'

let rig: GatewayRig
afterEach(() => rig.close())

function told(): Record<string, number> {
  const sink = new ToldSamples()
  rig.gateway.collect(sink)
  return sink.told
}

test('OBS-8 what is sent is counted by transport, and one call in so many says how long it took', async () => {
  rig = await GatewayRig.start()
  const service = await rig.rpc()
  const user = await rig.socket({ token: rig.tokenOf('anna') })
  const calls = 2 * sampledOf
  for (let i = 0; i < calls; i++) await service.call('claim', ['anna', 'lamp'])
  await user.call('ping', [])
  const { 'sluice_sends_total transport=rpc': writes = 0, 'sluice_sends_total transport=ws': frames = 0, ...rest } = told()
  expect(writes).toBeGreaterThanOrEqual(calls)
  expect(frames).toBeGreaterThanOrEqual(1)
  // The view was a call too.
  expect(rest['sluice_call_seconds_count']).toBeGreaterThanOrEqual(2)
  expect(rest['sluice_call_seconds_count']).toBeLessThan(calls)
})

test('OBS-9 SKUs beyond the limit are told together, so that a catalogue of any size keeps the page small', async () => {
  rig = await GatewayRig.start()
  const skus = Array.from({ length: skusToldMax + 5 }, (_, i) => {
    const settings = skuSettings(`sku-${String(i).padStart(4, '0')}`)
    return { ...skuChange(settings), settings }
  })
  rig.broadcast({ toSeq: 2, skus })
  await expect.poll(() => told()['sluice_sku_units state=available']).toBeGreaterThan(0)
  const series = Object.entries(told()).filter(([key]) => key.startsWith('sluice_sku_units') && key.endsWith('state=available'))
  expect(series).toHaveLength(skusToldMax + 1)
  // `lamp` comes first by the alphabet.
  expect(told()['sluice_sku_units state=available']).toBe(6 * 10)
})
