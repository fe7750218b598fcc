import { expect, test } from 'vitest'
import { LatencyLog } from './latency-log.ts'

test('BEN-3 percentiles count every call, those of a run of equal ones too', () => {
  const log = new LatencyLog()
  for (let i = 0; i < 900; i++) log.record(2)
  for (let i = 0; i < 90; i++) log.record(10)
  for (let i = 0; i < 10; i++) log.record(500)
  const { p50Ms, p90Ms, p99Ms, p999Ms, maxMs } = log.latencies()
  expect(p50Ms).toBeCloseTo(2, 1)
  expect(p90Ms).toBeCloseTo(2, 1)
  expect(p99Ms).toBeCloseTo(10, 1)
  expect(p999Ms / 500).toBeCloseTo(1, 2)
  expect(maxMs / 500).toBeCloseTo(1, 2)
})

test('BEN-3 what takes longer than the histogram reaches counts as its longest', () => {
  const log = new LatencyLog()
  log.record(10_000_000)
  expect(log.latencies().maxMs / 120_000).toBeCloseTo(1, 2)
})
