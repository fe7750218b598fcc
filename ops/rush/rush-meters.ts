import { build, type Histogram } from 'hdr-histogram-js'

/** What is timed of each shopper. */
export type Timing = 'connect' | 'buy' | 'hold' | 'payment'

export interface Percentiles {
  readonly count: number
  readonly p50Ms: number
  readonly p90Ms: number
  readonly p99Ms: number
  readonly maxMs: number
}

const longestMs = 3_600_000
const stepsPerMs = 1_000

/** Times and refusals of a whole crowd: `connect` to an open socket, `buy` to its answer, `hold` from the first try to the hold, `payment` to its outcome. */
export class RushMeters {
  private readonly histograms: Readonly<Record<Timing, Histogram>> = {
    connect: newHistogram(),
    buy: newHistogram(),
    hold: newHistogram(),
    payment: newHistogram(),
  }
  private readonly refusals = new Map<string, number>()
  /** Connections that ended before their shopper was done. */
  connectionsLost = 0

  time(timing: Timing, ms: number): void {
    this.histograms[timing].recordValue(Math.round(Math.min(Math.max(ms, 0), longestMs) * stepsPerMs))
  }

  refused(code: string): void {
    this.refusals.set(code, (this.refusals.get(code) ?? 0) + 1)
  }

  /** How often each code was heard. */
  get codes(): Readonly<Record<string, number>> {
    return Object.fromEntries([...this.refusals].toSorted(([, a], [, b]) => b - a))
  }

  percentiles(timing: Timing): Percentiles {
    const histogram = this.histograms[timing]
    const at = (percentile: number) => histogram.getValueAtPercentile(percentile) / stepsPerMs
    return { count: histogram.totalCount, p50Ms: at(50), p90Ms: at(90), p99Ms: at(99), maxMs: histogram.maxValue / stepsPerMs }
  }
}

function newHistogram(): Histogram {
  return build({ lowestDiscernibleValue: 1, highestTrackableValue: longestMs * stepsPerMs, numberOfSignificantValueDigits: 3 })
}
