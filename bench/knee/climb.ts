import { betweenKnee, findKnee, hasFlattened, type Knee, kneeShare } from './curve.ts'
import type { Climbing, KneePoint } from './knee-bed.ts'

/** How far the load is raised. */
export interface ClimbLimits {
  /** Of the load generator, at most; 1 leaves out the raising of threads. */
  readonly threadsMax: number
  /** Of each thread, while threads are raised. */
  readonly threadConnections: number
  /** Of all threads together, at most, while connections are raised. */
  readonly connectionsMax: number
}

export interface Climb {
  /** In order of threads, each with the same connections; empty if there is one thread. */
  readonly byThreads: readonly KneePoint[]
  /** In order of connections, all with the same threads. */
  readonly byConnections: readonly KneePoint[]
  readonly threads: number
  readonly knee: Knee<KneePoint>
}

/** More points beside the knee than the doubling has, each halving the distance (in times) to the last point that is below. */
const refinements = 2

/**
 * As the article has it: raises threads until throughput is flat and calls wait longer, then, with as many threads as that took, connections; both by doubling. Measures at the end where the
 * knee is between two points.
 */
export async function climb(limits: ClimbLimits, measure: (at: Climbing) => Promise<KneePoint>): Promise<Climb> {
  const byThreads = limits.threadsMax === 1 ? [] : await raiseThreads(limits, measure)
  const threads = byThreads.length === 0 ? 1 : fewestThreads(byThreads)
  const byConnections: KneePoint[] = []
  for (let connections = threads; connections <= limits.connectionsMax; connections *= 2) {
    byConnections.push(await measure({ threads, connections }))
    if (hasFlattened(byConnections)) break
  }
  for (let left = refinements; left > 0; left--) {
    const knee = findKnee(byConnections)
    const middle = knee.isReached ? betweenKnee(byConnections, knee.point) : undefined
    if (middle === undefined) break
    // Every thread has as many.
    const depth = byConnections[0]?.depth ?? 1
    const connections = Math.round(middle / depth / threads) * threads
    if (byConnections.some((point) => point.connections === connections)) break
    byConnections.push(await measure({ threads, connections }))
    byConnections.sort((a, b) => a.concurrency - b.concurrency)
  }
  return { byThreads, byConnections, threads, knee: findKnee(byConnections) }
}

/** That bring what threads bring, whether more of them would bring more or not: connections are raised after them. */
function fewestThreads(points: readonly KneePoint[]): number {
  const { capacity, point } = findKnee(points)
  return (points.find(({ callsPerSecond }) => callsPerSecond >= capacity * kneeShare) ?? point).threads
}

async function raiseThreads(
  { threadsMax, threadConnections }: ClimbLimits,
  measure: (at: Climbing) => Promise<KneePoint>,
): Promise<readonly KneePoint[]> {
  const points: KneePoint[] = []
  for (let threads = 1; threads <= threadsMax; threads *= 2) {
    points.push(await measure({ threads, connections: threads * threadConnections }))
    if (hasFlattened(points)) break
  }
  return points
}
