import { expect, test } from 'vitest'
import { climb, type ClimbLimits } from './climb.ts'
import type { Climbing, KneePoint } from './knee-bed.ts'

const limits: ClimbLimits = { threadsMax: 8, threadConnections: 16, connectionsMax: 4_096 }

/** A server that does so much at most, behind threads that do so much each. */
function served(capacity: number, ofThread: number, asked: Climbing[] = []): (at: Climbing) => Promise<KneePoint> {
  const idleMs = 1
  return (at) => {
    asked.push(at)
    const { threads, connections } = at
    const callsPerSecond = Math.min(capacity, threads * ofThread, (connections * 1000) / idleMs)
    const times = { p50Ms: (connections * 1000) / callsPerSecond, p99Ms: (connections * 2000) / callsPerSecond }
    return Promise.resolve({
      ...{ threads, connections, depth: 1, concurrency: connections, errorShare: 0, cores: {} },
      ...{ callsPerSecond, least: callsPerSecond, most: callsPerSecond, ...times },
    })
  }
}

test('BEN-71 threads are raised until they bring no more, then connections with as many threads', async () => {
  const { byThreads, byConnections, threads, knee } = await climb(limits, served(100_000, 50_000))
  expect(byThreads.map((point) => [point.threads, point.connections])).toEqual([1, 2, 4, 8].map((count) => [count, count * 16]))
  // 16 connections of each bring 16,000 calls/s, so eight threads are still not enough to see it.
  expect(threads).toBe(8)
  expect(byConnections.every((point) => point.threads === 8 && point.connections % 8 === 0)).toBe(true)
  expect(knee.isReached).toBe(true)
  expect(knee.capacity).toBe(100_000)
  expect(knee.point.callsPerSecond).toBeGreaterThan(90_000)
})

test('BEN-71 as many threads are taken as bring the throughput, and no more', async () => {
  const { threads, byThreads } = await climb({ ...limits, threadsMax: 64, threadConnections: 256 }, served(100_000, 50_000))
  expect(threads).toBe(2)
  expect(byThreads.map((point) => point.threads)).toEqual([1, 2, 4, 8, 16])
})

test('BEN-71 beside the knee points lie closer than a doubling', async () => {
  const { byConnections, knee } = await climb({ ...limits, threadsMax: 1 }, served(100_000, 1_000_000))
  const { concurrency } = knee.point
  // 100 calls under way are what 100,000 a second of 1 ms each are.
  expect(concurrency).toBeGreaterThanOrEqual(95)
  expect(concurrency).toBeLessThan(100 * 1.15)
  expect(byConnections.map((point) => point.concurrency)).toEqual(byConnections.map((point) => point.concurrency).toSorted((a, b) => a - b))
})

test('BEN-71 no threads are raised where there can be one only, and nothing is measured beyond the limit', async () => {
  const asked: Climbing[] = []
  const { byThreads, knee } = await climb({ threadsMax: 1, threadConnections: 16, connectionsMax: 64 }, served(100_000, 1e6, asked))
  expect(byThreads).toEqual([])
  expect(asked.map(({ connections }) => connections)).toEqual([1, 2, 4, 8, 16, 32, 64])
  expect(knee).toMatchObject({ isReached: false, capacity: 64_000 })
})
