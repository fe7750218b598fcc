import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type CurvePoint, findKnee, hasFlattened } from './curve.ts'

/** A server that does so much at most, and has so many calls under way when it begins to. */
interface Server {
  readonly capacity: number
  readonly saturation: number
}

const seconds = 1000
const noises = fc.array(fc.double({ min: -0.05, max: 0.05, noNaN: true }), { minLength: 40, maxLength: 40 })
const servers = fc.record({
  capacity: fc.integer({ min: 200, max: 2_000_000 }),
  saturation: fc.double({ min: 1, max: 40_000, noNaN: true }),
})

/** Closed loop: as many as are under way, each as often as it is answered, up to what the server does; the rest waits. */
function sharp({ capacity, saturation }: Server, concurrency: number): number {
  return capacity * Math.min(1, concurrency / saturation)
}

/** The same where waiting begins before the limit is reached, as in a real server. */
function soft({ capacity, saturation }: Server, concurrency: number): number {
  return (capacity * concurrency) / (concurrency ** soften + saturation ** soften) ** (1 / soften)
}

const soften = 3

/** Throughput falls again where more load costs more (contention). */
function falling(server: Server, concurrency: number): number {
  return sharp(server, concurrency) * Math.max(0.5, 1 - 0.03 * Math.max(0, Math.log2(concurrency / server.saturation)))
}

function pointAt(concurrency: number, callsPerSecond: number): CurvePoint {
  return { concurrency, callsPerSecond, p50Ms: (concurrency * seconds) / callsPerSecond, errorShare: 0 }
}

/** Doubles until it may stop, as a climb does. */
function raised(rate: (concurrency: number) => number, noise: readonly number[]): readonly CurvePoint[] {
  const points: CurvePoint[] = []
  for (const [i, off] of noise.entries()) {
    const concurrency = 2 ** i
    points.push(pointAt(concurrency, rate(concurrency) * (1 + off)))
    if (hasFlattened(points)) break
  }
  return points
}

for (const [name, shape] of Object.entries({ sharp, soft, falling })) {
  test(`BEN-70 the knee of a ${name} curve is within 15 % of the capacity that it has, with noise of 5 %`, () => {
    fc.assert(
      fc.property(servers, noises, (server, noise) => {
        const { point, capacity, isReached } = findKnee(raised((concurrency) => shape(server, concurrency), noise))
        expect(isReached).toBe(true)
        expect(Math.abs(capacity / server.capacity - 1)).toBeLessThan(0.15)
        expect(Math.abs(point.callsPerSecond / server.capacity - 1)).toBeLessThan(0.15)
      }),
    )
  })
}

test('BEN-70 a sharp knee is found at as many calls under way as the server can have without a wait, or at the next doubling', () => {
  fc.assert(
    fc.property(servers, noises, (server, noise) => {
      const { saturation } = server
      const slight = noise.map((off) => off / 3)
      const { point } = findKnee(raised((concurrency) => sharp(server, concurrency), slight))
      expect(point.concurrency).toBeGreaterThan(saturation * 0.9)
      expect(point.concurrency).toBeLessThan(saturation * 2.01)
    }),
  )
})

test('BEN-70 one lucky run is no capacity, and one that was disturbed hides none', () => {
  const rates = [100, 200, 400, 800, 1_000, 1_000, 1_000, 1_000, 1_000]
  const withOne = (index: number, rate: number): readonly CurvePoint[] =>
    rates.map((usual, i) => pointAt(2 ** i, i === index ? rate : usual))
  expect(findKnee(withOne(5, 2_000)).capacity).toBe(1_000)
  expect(findKnee(withOne(5, 2_000)).point.concurrency).toBe(16)
  expect(findKnee(withOne(4, 300)).capacity).toBe(1_000)
  expect(findKnee(withOne(4, 300)).point.concurrency).toBe(32)
})

test('BEN-70 a curve that still rises has no knee yet', () => {
  const points = raised((concurrency) => concurrency * 100, [0, 0, 0, 0, 0, 0])
  expect(points.length).toBe(6)
  const { isReached, point, capacity } = findKnee(points)
  expect({ isReached, concurrency: point.concurrency, capacity }).toEqual({ isReached: false, concurrency: 32, capacity: 3_200 })
})

test('BEN-70 two flat steps are not the end, and flat throughput without longer waits is none', () => {
  const flat = [100, 200, 205, 210, 400].map((rate, i) => pointAt(2 ** i, rate))
  expect(hasFlattened(flat.slice(0, 4))).toBe(false)
  expect(hasFlattened(flat)).toBe(false)
  const idle = [1, 2, 4, 8].map((concurrency) => ({ ...pointAt(concurrency, 100), p50Ms: 1 }))
  expect(hasFlattened(idle)).toBe(false)
  expect(hasFlattened(idle.map((point, i) => ({ ...point, p50Ms: 2 ** i })))).toBe(true)
})

test('BEN-70 refusals end a climb', () => {
  const points = [100, 200].map((rate, i) => pointAt(2 ** i, rate))
  expect(hasFlattened(points)).toBe(false)
  expect(hasFlattened([...points, { ...pointAt(4, 400), errorShare: 0.02 }])).toBe(true)
})
