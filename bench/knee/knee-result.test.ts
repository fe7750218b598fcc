import { expect, test } from 'vitest'
import type { LinkRate } from './bottleneck.ts'
import type { KneePoint } from './knee-bed.ts'
import { kneeCommand, kneeOptionsOf } from './knee-options.ts'
import { resultOf } from './knee-result.ts'
import { linesOf } from './knee-text.ts'
import { latencyCurve } from './latency-curve.ts'

function pointAt(concurrency: number, callsPerSecond: number, cores: Readonly<Record<string, number>>): KneePoint {
  const rates = { callsPerSecond, least: callsPerSecond, most: callsPerSecond }
  return { threads: 1, connections: concurrency, depth: 1, concurrency, ...rates, p50Ms: 1, p99Ms: 2, errorShare: 0, cores }
}

const points = [
  pointAt(1, 500, { node: 0.2, load: 0.1 }),
  pointAt(2, 1_000, { node: 0.9, load: 1 }),
  pointAt(4, 800, { node: 0.3, load: 0.3 }),
]
const links = ['gateway', 'bus', 'actor', 'store'].map((name, i): LinkRate => {
  const callsPerSecond = 4_000 - 500 * i
  return { name, callsPerSecond, least: callsPerSecond - 10, most: callsPerSecond + 10 }
})
const climbed = {
  byThreads: [],
  byConnections: points,
  threads: 1,
  knee: { point: points[1] ?? pointAt(0, 0, {}), capacity: 1_000, isReached: true },
}

function resultFor(...words: readonly string[]): ReturnType<typeof resultOf> {
  return resultOf(kneeOptionsOf(kneeCommand().parse([...words], { from: 'user' })), climbed, links, 2)
}

test('BEN-72 beside the narrowest link stand what one thread can do of its links, the busiest process and the cores in use, where throughput was highest', () => {
  const { bottleneck } = resultFor()
  expect(bottleneck).toEqual({
    links: ['store'],
    inOneThread: Math.round(1 / (1 / 4_000 + 1 / 3_500 + 1 / 3_000)),
    busiest: { process: 'node', cores: 0.9 },
    coresInUse: 1.9,
    coresOfMachine: 2,
  })
  expect(resultFor('--peer', 'cluster').bottleneck).not.toHaveProperty('inOneThread')
})

test('BEN-72 a reader is told the knee, the narrowest link, and that the machine itself is a limit', () => {
  const lines = linesOf(resultFor('--slow-store', '2000')).join('\n')
  expect(lines).toContain('one process by rpc, fsync, store slowed to 2,000/s')
  expect(lines).toContain('knee: 1 thread, 2 connections x 1 call: 1,000 calls/s, p50 1.00 ms, p99 2.00 ms')
  expect(lines).toContain('narrowest link: store')
  expect(lines).toContain('the machine itself is a limit: 1.9 of its 2 cores were in use')
})

test('BEN-70 the curve is drawn through all points, says what its knee is, and follows the colours of its reader', () => {
  const svg = latencyCurve(resultFor(), { commit: 'abc1234', cores: 2, file: 'bench/results/x.json' })
  expect(svg).toContain('knee: 2 calls under way, 1,000 calls/s, p50 1 ms, p99 2 ms')
  expect(svg.match(/class="dot-half" cx/g)?.length).toBe(points.length + 1)
  expect(svg).toContain('prefers-color-scheme: dark')
  expect(svg).toContain('bench/results/x.json')
  expect(svg).not.toMatch(/NaN|Infinity|undefined/)
})
