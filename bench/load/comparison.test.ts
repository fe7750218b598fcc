import { expect, test } from 'vitest'
import { compare } from './comparison.ts'
import type { LoadReport } from './load-report.ts'
import type { Load } from './load.ts'

const rpc: Load = { peer: 'sluice', transport: 'rpc', connections: 32, depth: 64 }
const http: Load = { peer: 'sluice', transport: 'http', connections: 256, depth: 1 }
const rival: Load = { ...http, peer: 'fastify' }

function reportOf({ peer, transport, connections, depth }: Load, callsPerSecond: number): LoadReport {
  const latencies = { p50Ms: 1, p90Ms: 1, p99Ms: 1, p999Ms: 1, maxMs: 1 }
  const counts = { seconds: 1, calls: callsPerSecond, callsPerSecond, errors: 0, codes: {}, generatorCores: 0 }
  return { peer, transport, connections, depth, ...latencies, ...counts, server: { server: peer } }
}

test('BEN-8 rounds take turns, and a ratio is that of one round', async () => {
  const rates: Readonly<Record<string, readonly number[]>> = { rpc: [500, 90, 400], http: [200, 30, 260], fastify: [100, 10, 200] }
  const asked: string[] = []
  const comparison = await compare(3, [rpc, http], rival, (load) => {
    const name = load.peer === 'fastify' ? load.peer : load.transport
    const round = asked.filter((one) => one === name).length
    asked.push(name)
    return Promise.resolve(reportOf(load, rates[name]?.[round] ?? 0))
  })
  expect(asked).toEqual(Array.from({ length: 3 }, () => ['rpc', 'http', 'fastify']).flat())
  const [byRpc, byHttp] = comparison.ours
  expect(byRpc?.ratio).toEqual({ median: 5, least: 2, most: 9 })
  expect(byHttp?.ratio).toEqual({ median: 2, least: 1.3, most: 3 })
  expect([byRpc, byHttp].map((one) => one?.report.callsPerSecond)).toEqual([400, 200])
  expect(comparison.rival.callsPerSecond).toBe(100)
})
