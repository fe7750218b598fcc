import { expect, test } from 'vitest'
import type { LoadReport } from '../load/load-report.ts'
import type { Load } from '../load/load.ts'
import { outcomeOf, type Round, runRound, spreadOf } from './race-rounds.ts'
import { missingOf, nameOf, raceNames, races } from './race.ts'

const rpc: Load = { peer: 'cluster', transport: 'rpc', connections: 32, depth: 64 }
const http: Load = { peer: 'cluster', transport: 'http', connections: 256, depth: 1 }
const fastify: Load = { ...http, peer: 'fastify', processes: 2 }
const race = { ours: [rpc, http], theirs: [fastify] }

function reportOf({ peer, transport, connections, depth }: Load, callsPerSecond: number): LoadReport {
  const latencies = { p50Ms: 1, p90Ms: 1, p99Ms: 1000 / callsPerSecond, p999Ms: 1, maxMs: 1 }
  const counts = { seconds: 1, calls: callsPerSecond, callsPerSecond, errors: 0, codes: {}, generatorCores: 0, bytesPerCall: 1 }
  return { peer, transport, connections, depth, ...latencies, ...counts, server: { server: peer } }
}

test('BEN-8 rounds take turns, and a ratio is that of one round', async () => {
  const rates: Readonly<Record<string, readonly number[]>> = {
    'cluster-rpc-32x64': [500, 90, 400],
    'cluster-http-256': [200, 30, 260],
    'fastify-2-http-256': [100, 10, 200],
  }
  const asked: string[] = []
  const rounds: Round[] = []
  for (let round = 0; round < 3; round++) {
    const reports = await runRound(race, (load) => {
      asked.push(nameOf(load))
      return Promise.resolve(reportOf(load, rates[nameOf(load)]?.[round] ?? 0))
    })
    rounds.push({ at: '', loadAverage: 0, reports })
  }
  expect(asked).toEqual([rounds, rounds, rounds].flatMap(() => Object.keys(rates)))
  const { standings, ratios } = outcomeOf(race, rounds)
  expect(ratios).toEqual({
    'cluster-rpc-32x64': { 'fastify-2-http-256': { median: 5, least: 2, most: 9 } },
    'cluster-http-256': { 'fastify-2-http-256': { median: 2, least: 1.3, most: 3 } },
  })
  expect(standings['cluster-rpc-32x64']?.callsPerSecond).toEqual({ median: 400, least: 90, most: 500 })
  expect(standings['fastify-2-http-256']?.p99Ms).toEqual({ median: 10, least: 5, most: 100 })
})

test('BEN-8 a round that lacks one of the race is none', () => {
  const reports = { 'cluster-rpc-32x64': reportOf(rpc, 1), 'cluster-http-256': reportOf(http, 1) }
  expect(() => outcomeOf(race, [{ at: '', loadAverage: 0, reports }])).toThrow('a round without fastify-2-http-256')
})

test.each(raceNames)(
  'BEN-61 in the race %s every load has a name of its own, and beside each other peer stands what it leaves out',
  (name) => {
    const { ours, theirs } = races[name]
    const names = [...ours, ...theirs].map(nameOf)
    expect(new Set(names).size).toBe(names.length)
    for (const { peer } of theirs) if (peer !== 'cluster') expect(missingOf[peer].length).toBeGreaterThan(0)
  },
)

test('BEN-60 of two rounds the median is between both', () => {
  expect(spreadOf([4, 2])).toEqual({ median: 3, least: 2, most: 4 })
  expect(spreadOf([4, 1]).median).toBe(3)
  expect(spreadOf([1.5, 2]).median).toBe(1.75)
  expect(spreadOf([1.5])).toEqual({ median: 1.5, least: 1.5, most: 1.5 })
})
