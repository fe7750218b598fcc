import { expect, test } from 'vitest'
import { LatencyLog } from './latency-log.ts'
import type { LoadPart } from './load-part.ts'
import { partsOf, tallyOf } from './load-run.ts'

test('BEN-77 connections and their rate are shared out whole, and no two threads have the same one', () => {
  const parts = partsOf({ connections: 10, depth: 4, seconds: 1, warmupSeconds: 0, rate: 1_000 }, 4)
  expect(parts.map(({ connections, firstConnection }) => [firstConnection, connections])).toEqual([
    [0, 3],
    [3, 3],
    [6, 2],
    [8, 2],
  ])
  expect(parts.map(({ rate }) => rate)).toEqual([300, 300, 200, 200])
  expect(partsOf({ connections: 2, depth: 1, seconds: 1, warmupSeconds: 0, rate: undefined }, 2)[1]?.rate).toBeUndefined()
})

function partOf(latenciesMs: readonly number[], codes: Readonly<Record<string, number>>): LoadPart {
  const log = new LatencyLog()
  for (const ms of latenciesMs) log.record(ms)
  const refused = new LatencyLog()
  const errors = Object.values(codes).reduce((sum, times) => sum + times, 0)
  const calls = latenciesMs.length
  const bytes = 100 * (calls + errors)
  return { calls, errors, codes, answers: calls + errors, bytes, latencies: log.encoded(), refusedLatencies: refused.encoded() }
}

test('BEN-77 what threads saw adds up, percentiles over all their calls', () => {
  const slow = partOf(
    Array.from({ length: 10 }, () => 50),
    { BUSY: 2 },
  )
  const fast = partOf(
    Array.from({ length: 90 }, () => 1),
    { BUSY: 1, LATE: 4 },
  )
  const { calls, errors, codes, latencies, bytesPerCall } = tallyOf([slow, fast], 2, 0.5)
  expect({ calls, errors, codes, bytesPerCall }).toEqual({ calls: 100, errors: 7, codes: { BUSY: 3, LATE: 4 }, bytesPerCall: 100 })
  expect(latencies.p50Ms).toBeCloseTo(1, 1)
  expect(latencies.p90Ms).toBeCloseTo(1, 1)
  expect(latencies.p99Ms / 50).toBeCloseTo(1, 2)
})
