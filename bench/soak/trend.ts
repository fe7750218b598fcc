/** One value of a series, and when it was so. */
export interface Point {
  readonly atSeconds: number
  readonly value: number
}

/** What a series does over time: per hour, and between which bounds that is with a confidence of 95 %. */
export interface Trend {
  /** The median of the blocks. */
  readonly level: number
  readonly perHour: number
  readonly leastPerHour: number
  readonly mostPerHour: number
}

/** `unclear`: growth was not seen, but the series is too short or too noisy to say that there is none. */
export type Verdict = 'steady' | 'grows' | 'unclear'

/** Blocks of this length are told by one value each, since neighbours depend on each other: a heap is a saw whose teeth are the collections. */
const blockSeconds = 30
/** A shorter series is cut finer. */
const blocksUsual = 12
/** With fewer nothing can be said. */
const blocksMin = 6
/** Of a normal distribution, for 95 % on two sides. */
const sigmas = 1.96
const hourSeconds = 3_600

/**
 * The slope of the blocks by Theil and Sen: the median of the slopes between any two, which outliers do not move. The bounds are Sen's, of the order in
 * which the blocks come: the more the series goes up and down, the further apart they are (P. K. Sen, 1968, with the variance of Kendall's score).
 * `reduce` makes one value of a block. Undefined if there are too few points.
 */
export function trendOf(points: readonly Point[], reduce: (values: readonly number[]) => number): Trend | undefined {
  const blocks = blocksOf(points, reduce)
  if (blocks.length < blocksMin) return undefined
  const slopes = blocks
    .flatMap((one, i) => blocks.slice(i + 1).map((other) => (other.value - one.value) / (other.atSeconds - one.atSeconds)))
    .toSorted((a, b) => a - b)
  const { length } = blocks
  const spread = sigmas * Math.sqrt((length * (length - 1) * (2 * length + 5)) / 18)
  const low = Math.max(0, Math.floor((slopes.length - spread) / 2))
  const perHour = (slope: number | undefined): number => (slope ?? 0) * hourSeconds
  return {
    level: median(blocks.map(({ value }) => value)),
    perHour: perHour(median(slopes)),
    leastPerHour: perHour(slopes[low]),
    mostPerHour: perHour(slopes[slopes.length - 1 - low]),
  }
}

/**
 * A series grows if its slope is above 0 beyond doubt, and more than what is allowed in an hour. It is steady if it does not and cannot grow
 * faster than {@link unclearTimes} times that.
 */
export function verdictOf(trend: Trend | undefined, allowedPerHour: number): Verdict {
  if (trend === undefined) return 'unclear'
  if (trend.leastPerHour > 0 && trend.perHour > allowedPerHour) return 'grows'
  return trend.mostPerHour > allowedPerHour * unclearTimes ? 'unclear' : 'steady'
}

const unclearTimes = 4

/** Of a series that tells the last of rare events until the next, each event once. */
export function changesOf(points: readonly Point[]): readonly Point[] {
  return points.filter(({ value }, i) => i > 0 && value !== points[i - 1]?.value)
}

/** Throws if there is no value. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length / 2
  const [below, above] = [sorted[Math.ceil(middle) - 1], sorted[Math.floor(middle)]]
  if (below === undefined || above === undefined) throw new Error('the median of nothing')
  return (below + above) / 2
}

/** What is left when everything was cleared away that could be. */
export function least(values: readonly number[]): number {
  return Math.min(...values)
}

function blocksOf(points: readonly Point[], reduce: (values: readonly number[]) => number): readonly Point[] {
  const [first, last] = [points[0], points.at(-1)]
  if (first === undefined || last === undefined || first === last) return []
  const seconds = Math.min(blockSeconds, (last.atSeconds - first.atSeconds) / blocksUsual)
  const blocks: Point[] = []
  for (let from = 0; from < points.length;) {
    const block = Math.floor(((points[from]?.atSeconds ?? 0) - first.atSeconds) / seconds)
    let to = from
    while (to < points.length && Math.floor(((points[to]?.atSeconds ?? 0) - first.atSeconds) / seconds) === block) to++
    const some = points.slice(from, to)
    const mean = some.reduce((sum, { atSeconds }) => sum + atSeconds, 0) / some.length
    blocks.push({ atSeconds: mean, value: reduce(some.map(({ value }) => value)) })
    from = to
  }
  return blocks
}
