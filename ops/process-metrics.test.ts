import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { expect, test, vi } from 'vitest'
import { ManualWorld } from '../cluster/manual-world.ts'
import { ToldSamples } from '../cluster/told-samples.ts'
import { ProcessMetrics } from './process-metrics.ts'
import { versionOfSluice } from './version.ts'

test('OBS-6 every process tells what it is, whether it is ready, and how late its event loop comes round', async () => {
  const world = new ManualWorld()
  const readiness: { whyNot: string | undefined } = { whyNot: 'starting' }
  const metrics = new ProcessMetrics({ role: 'gateway', shards: 64, readiness, world })
  const told = (): Record<string, number> => {
    const sink = new ToldSamples()
    metrics.collect(sink)
    return sink.told
  }
  expect(told()).toMatchObject({
    [`sluice_build_info version=${versionOfSluice()} role=gateway`]: 1,
    'sluice_shards kind=ses': 64,
    sluice_ready: 0,
  })
  readiness.whyNot = undefined
  await world.pass(1_000)
  expect(told()).toMatchObject({ sluice_ready: 1, sluice_loop_delay_seconds_count: 10, sluice_loop_delay_seconds_sum: 0 })
  const table = new SharedArrayBuffer(8_000_000)
  expect(told()['sluice_array_memory_bytes']).toBeGreaterThanOrEqual(table.byteLength)
  const { sluice_loop_active_seconds_total: active, sluice_loop_idle_seconds_total: idle } = told()
  expect((active ?? 0) + (idle ?? 0)).toBeGreaterThan(0)
  metrics.close()
})

test('OBS-6 a process tells what is left in its heap when all of it was collected', async () => {
  const metrics = new ProcessMetrics({ role: 'all', shards: 1, readiness: { whyNot: undefined }, world: new ManualWorld() })
  const live = (): number => {
    const sink = new ToldSamples()
    metrics.collect(sink)
    return sink.told['sluice_heap_live_bytes'] ?? NaN
  }
  expect(live()).toBe(0)
  const kept = Array.from({ length: 100_000 }, (_, i) => ({ i }))
  setFlagsFromString('--expose-gc')
  runInNewContext('gc()')
  await vi.waitFor(() => expect(live()).toBeGreaterThan(kept.length * 16))
  metrics.close()
})
