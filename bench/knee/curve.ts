/** What was seen with so many calls under way. */
export interface CurvePoint {
  readonly concurrency: number
  readonly callsPerSecond: number
  readonly p50Ms: number
  /** Of all that was asked, what was refused or stayed unanswered. */
  readonly errorShare: number
}

export interface Knee<P> {
  /** The fewest calls under way that get {@link kneeShare} of the capacity: with more of them calls only wait longer. */
  readonly point: P
  /** Calls a second that no number of calls under way raises any more. */
  readonly capacity: number
  /** False if throughput was still rising when it was last looked at: then the knee lies further on, and the point is the one with most. */
  readonly isReached: boolean
}

/**
 * The nearest to the capacity that noise of a twentieth lets one come. With less of it a curve that bends slowly, or that falls again before a doubling shows its top, has its knee told
 * where there is more than 15 % to gain.
 */
export const kneeShare = 0.95
/**
 * Steps are doublings: a server that is not at its limit does nearly twice as much after each, one at its limit no more after all three. Two were not enough: with few calls under way
 * batches grow in their place, and a disturbed machine had a rising curve look flat for so long.
 */
const flatSteps = 3
const flatGrowthMax = 0.15
/** What waits is not served: with throughput flat, twice as many calls under way take twice as long (Little's law). */
const riseMin = 1.25
/** Refusals are the limit speaking for itself. */
const errorShareMax = 0.01

/**
 * The knee of a curve in order of concurrency: the bounds of operational analysis (Denning and Buzen 1978) say that throughput grows with the calls under way until some link is
 * always busy, and stays there. The capacity is the second best throughput, because one lucky run is none; the knee is the first point that comes near. Neither needs a model of the
 * curve, so it holds where throughput falls again, too.
 */
export function findKnee<P extends CurvePoint>(points: readonly P[]): Knee<P> {
  const isReached = hasFlattened(points)
  const [best = 0, second = best] = points.map(({ callsPerSecond }) => callsPerSecond).toSorted((a, b) => b - a)
  const capacity = isReached ? second : best
  const least = isReached ? capacity * kneeShare : best
  const point = points.find(({ callsPerSecond }) => callsPerSecond >= least)
  if (point === undefined) throw new Error('a curve without a point')
  return { point, capacity, isReached }
}

/** Throughput has stayed flat for three steps while calls came to wait, or calls are refused: to raise the load further would show nothing more. */
export function hasFlattened(points: readonly CurvePoint[]): boolean {
  const last = points.at(-1)
  if (last === undefined) return false
  if (last.errorShare > errorShareMax) return true
  const before = points.slice(0, -flatSteps)
  const from = before.at(-1)
  if (from === undefined) return false
  const best = Math.max(...before.map(({ callsPerSecond }) => callsPerSecond))
  const isFlat = points.slice(-flatSteps).every(({ callsPerSecond }) => callsPerSecond < best * (1 + flatGrowthMax))
  return isFlat && last.p50Ms > from.p50Ms * riseMin
}

/** Between the last point below the knee and the knee, where another one would tell most; undefined where there is no room. */
export function betweenKnee(points: readonly CurvePoint[], knee: CurvePoint): number | undefined {
  const below = points.filter(({ concurrency }) => concurrency < knee.concurrency).at(-1)
  if (below === undefined) return undefined
  const middle = Math.sqrt(below.concurrency * knee.concurrency)
  return middle > below.concurrency * nearTimes && knee.concurrency > middle * nearTimes ? middle : undefined
}

/** Points nearer than this to each other are one. */
const nearTimes = 1.1
