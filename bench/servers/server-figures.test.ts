import { expect, test } from 'vitest'
import { countersOf } from './node-metrics.ts'
import { figuresBetween, togetherOf } from './server-figures.ts'

test('BEN-10 bytes are those of one event between two readings', () => {
  const bytes = { bus: 1_000, storeMemory: 500 }
  expect(figuresBetween({ events: 10, bytes }, { events: 20, bytes: { bus: 2_500, storeMemory: 400 } }, 1)).toEqual({
    bytesPerEvent: { bus: 150, storeMemory: -10 },
  })
  expect(figuresBetween({ events: 10, bytes }, { events: 10, bytes }, 1)).toEqual({})
})

test('BEN-10 figures are of the time between two readings, processor time by process and together', () => {
  const batches = (small: number, all: number): readonly (readonly [number, number])[] => [
    [4, small],
    [Infinity, all],
  ]
  const before = { cpuSeconds: { gateway: 1, actors: 10 }, records: 10, events: 100, batches: batches(10, 10) }
  const after = { cpuSeconds: { gateway: 3, actors: 11 }, records: 14, events: 900, batches: batches(11, 14) }
  expect(figuresBetween(before, after, 2)).toEqual({
    cores: 1.5,
    coresOf: { gateway: 1, actors: 0.5 },
    recordsPerSecond: 2,
    batchMean: 200,
    batchSizes: { '<=4': 1, more: 3 },
  })
  expect(figuresBetween({ cpuSeconds: { redis: 1 } }, { cpuSeconds: { redis: 2 } }, 2)).toEqual({ cores: 0.5 })
  expect(figuresBetween({}, {}, 2)).toEqual({})
})

const page = `# TYPE nodejs_eventloop_lag_p99_seconds gauge
nodejs_eventloop_lag_p99_seconds 0.014
process_resident_memory_bytes ${200 * 1024 ** 2}
process_cpu_seconds_total 3
sluice_bus_bytes_total{lane="commands"} 100
sluice_shard_batch_events_bucket{kind="inv",le="4"} 2
sluice_shard_batch_events_bucket{kind="inv",le="+Inf"} 3
sluice_shard_batch_events_bucket{kind="ses",le="4"} 50
sluice_shard_batch_events_sum{kind="inv"} 30
sluice_shard_batch_events_count{kind="inv"} 3
`

test('BEN-82 a node tells how late its event loop was since it was asked last, without the timer that measures that, and its memory', () => {
  const counters = countersOf(page)
  expect(counters.loopDelayP99Ms?.['node']).toBeCloseTo(4)
  expect(counters).toMatchObject({ memoryBytes: { node: 200 * 1024 ** 2 }, cpuSeconds: { node: 3 }, records: 3, events: 30 })
  expect(countersOf(page.replace('0.014', 'NaN')).loopDelayP99Ms).toBeUndefined()
})

test('BEN-82 what several processes count is added up, and their loops and memory stay apart', () => {
  const late = countersOf(page.replace('0.014', '0.03'))
  const all = togetherOf({ 'gateway-1': countersOf(page), 'actors-1': late })
  expect(all).toMatchObject({
    records: 6,
    events: 60,
    bytes: { commands: 200 },
    batches: [
      [4, 4],
      [Infinity, 6],
    ],
  })
  const { loopDelayP99Ms, loopDelayP99MsOf, memoryMb, memoryMbOf } = figuresBetween({}, all, 1)
  expect(loopDelayP99Ms).toBeCloseTo(20)
  expect(Object.keys(loopDelayP99MsOf ?? {})).toEqual(['gateway-1', 'actors-1'])
  expect([memoryMb, memoryMbOf]).toEqual([400, { 'gateway-1': 200, 'actors-1': 200 }])
})
