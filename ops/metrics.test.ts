import { expect, test } from 'vitest'
import type { MetricSink } from '../cluster/metrics.ts'
import { seriesPerMetricMax } from './metrics-page.ts'
import { createMetrics } from './metrics.ts'

async function linesOf(...sources: ((sink: MetricSink) => void)[]): Promise<readonly string[]> {
  const metrics = createMetrics()
  for (const collect of sources) metrics.add({ collect })
  return (await metrics.scrape()).split('\n')
}

test('OPS-5 numbers are asked for at each scrape, with help and type', async () => {
  let calls = 0
  const metrics = createMetrics()
  metrics.add({ collect: (sink) => sink.counter('sluice_calls_total', 'Calls', calls, { method: 'buy' }) })
  calls = 3
  expect(await metrics.scrape()).toContain(
    '# HELP sluice_calls_total Calls\n# TYPE sluice_calls_total counter\nsluice_calls_total{method="buy"} 3\n',
  )
  calls = 5
  expect(await metrics.scrape()).toContain('sluice_calls_total{method="buy"} 5\n')
})

test('OPS-5 what several sources tell of the same series adds up', async () => {
  const lines = await linesOf(
    (sink) => sink.gauge('sluice_pending_calls', 'Calls that wait', 2),
    (sink) => sink.gauge('sluice_pending_calls', 'Calls that wait', 5),
    (sink) => sink.gauge('sluice_pending_calls', 'Calls that wait', 1, { shard: 'inv.1' }),
  )
  expect(lines.filter((line) => line.startsWith('sluice_pending_calls'))).toEqual([
    'sluice_pending_calls 7',
    'sluice_pending_calls{shard="inv.1"} 1',
  ])
})

test('OPS-5 a histogram is told in cumulated buckets', async () => {
  const lines = await linesOf((sink) => sink.histogram('sluice_append_seconds', 'Appends', [0.001, 0.01], [4, 2, 1], 0.5, { kind: 'inv' }))
  expect(lines.filter((line) => line.startsWith('sluice_append_seconds'))).toEqual([
    'sluice_append_seconds_bucket{kind="inv",le="0.001"} 4',
    'sluice_append_seconds_bucket{kind="inv",le="0.01"} 6',
    'sluice_append_seconds_bucket{kind="inv",le="+Inf"} 7',
    'sluice_append_seconds_sum{kind="inv"} 0.5',
    'sluice_append_seconds_count{kind="inv"} 7',
  ])
})

test('OPS-5 texts are told so that they can be read again, and labels in any order are the same series', async () => {
  const lines = await linesOf(
    (sink) => sink.gauge('sluice_x', 'One\\two\nthree', 1, { b: 'a "b" \\ c\nd', a: '1' }),
    (sink) => sink.gauge('sluice_x', 'One', 2, { a: '1', b: 'a "b" \\ c\nd' }),
  )
  expect(lines.filter((line) => line.includes('sluice_x'))).toEqual([
    '# HELP sluice_x One\\\\two\\nthree',
    '# TYPE sluice_x gauge',
    'sluice_x{a="1",b="a \\"b\\" \\\\ c\\nd"} 3',
  ])
})

test('OBS-1 a summary is told as a count and a sum', async () => {
  const lines = await linesOf((sink) => sink.summary('sluice_record_events', 'Events', 3, 12, { shard: 'inv.1' }))
  expect(lines.filter((line) => line.includes('sluice_record_events'))).toEqual([
    '# HELP sluice_record_events Events',
    '# TYPE sluice_record_events summary',
    'sluice_record_events_sum{shard="inv.1"} 12',
    'sluice_record_events_count{shard="inv.1"} 3',
  ])
})

test("OPS-5 Node's own numbers are there", async () => {
  const page = (await linesOf()).join('\n')
  for (const name of ['process_resident_memory_bytes', 'nodejs_eventloop_lag_seconds', 'process_open_fds'])
    expect(page).toContain(`\n${name} `)
})

test('OPS-6 a metric with too many label combinations is cut off and the rest counted', async () => {
  const lines = await linesOf((sink) => {
    for (let user = 0; user < seriesPerMetricMax + 10; user++) sink.counter('sluice_mistakes_total', 'By user', 1, { user: String(user) })
  })
  expect(lines.filter((line) => line.startsWith('sluice_mistakes_total{'))).toHaveLength(seriesPerMetricMax)
  expect(lines).toContain('sluice_metrics_dropped_series 10')
})

test('OPS-6 names that break the rules are bugs', async () => {
  await expect(linesOf((sink) => sink.counter('sluice_calls', 'Calls', 1))).rejects.toThrow('ends with _total')
  await expect(linesOf((sink) => sink.gauge('calls_pending', 'Calls', 1))).rejects.toThrow('not a name')
  await expect(linesOf((sink) => sink.histogram('sluice_a_seconds', 'A', [1], [1], 1))).rejects.toThrow('1 bounds and 1 counts')
  const twice = (sink: MetricSink): void => {
    sink.gauge('sluice_x_total', 'X', 1)
    sink.counter('sluice_x_total', 'X', 1)
  }
  await expect(linesOf(twice)).rejects.toThrow('as a gauge and as a counter')
})
