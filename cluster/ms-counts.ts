import type { MetricLabels, MetricSink } from './metrics.ts'

/** How long something took, counted by bounds in ms; told in seconds. */
export class MsCounts {
  readonly bounds: readonly number[]
  readonly counts: Float64Array
  sumMs = 0

  constructor(bounds: readonly number[]) {
    this.bounds = bounds
    this.counts = new Float64Array(bounds.length + 1)
  }

  observe(ms: number): void {
    const { bounds, counts } = this
    let bucket = 0
    while (bucket < bounds.length && ms > (bounds[bucket] as number)) bucket++
    counts[bucket] = (counts[bucket] as number) + 1
    this.sumMs += ms
  }

  /** Takes in what another one of the same bounds has counted. */
  add(other: MsCounts): void {
    this.sumMs += other.sumMs
    other.counts.forEach((count, bucket) => {
      this.counts[bucket] = (this.counts[bucket] ?? 0) + count
    })
  }

  get total(): number {
    return this.counts.reduce((total, count) => total + count, 0)
  }

  tell(sink: MetricSink, name: string, help: string, labels?: MetricLabels): void {
    const seconds = this.bounds.map((ms) => ms / 1000)
    sink.histogram(name, help, seconds, this.counts, this.sumMs / 1000, labels)
  }
}
