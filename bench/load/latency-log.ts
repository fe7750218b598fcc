import { build, decodeFromCompressedBase64, encodeIntoCompressedBase64, type Histogram } from 'hdr-histogram-js'

const longestUs = 120_000_000

export interface Latencies {
  readonly p50Ms: number
  readonly p90Ms: number
  readonly p99Ms: number
  readonly p999Ms: number
  readonly maxMs: number
}

/**
 * Latencies in a histogram of high dynamic range (three significant digits, up to two minutes). Calls that were sent together and answered together
 * took equally long, so equal values in a row are recorded as one with a count: that makes the record cost next to nothing.
 */
export class LatencyLog {
  private readonly histogram: Histogram = build({
    bitBucketSize: 32,
    autoResize: false,
    lowestDiscernibleValue: 1,
    highestTrackableValue: longestUs,
    numberOfSignificantValueDigits: 3,
  })
  private lastUs = 0
  private repeats = 0

  record(ms: number): void {
    const us = Math.min(longestUs, Math.max(1, Math.round(ms * 1000)))
    if (us === this.lastUs) this.repeats++
    else {
      this.keepLast()
      this.lastUs = us
      this.repeats = 1
    }
  }

  /** All that was recorded, as text: what another thread's log is told. */
  encoded(): string {
    this.keepLast()
    return encodeIntoCompressedBase64(this.histogram)
  }

  /** Adds what {@link encoded} has told of another. */
  add(encoded: string): void {
    this.histogram.add(decodeFromCompressedBase64(encoded))
  }

  latencies(): Latencies {
    this.keepLast()
    const at = (percentile: number): number => this.histogram.getValueAtPercentile(percentile) / 1000
    return { p50Ms: at(50), p90Ms: at(90), p99Ms: at(99), p999Ms: at(99.9), maxMs: at(100) }
  }

  private keepLast(): void {
    if (this.repeats > 0) this.histogram.recordValueWithCount(this.lastUs, this.repeats)
    this.repeats = 0
  }
}
