import type { MetricSink } from '../cluster/metrics.ts'

/** How long something took, counted by bounds in ms; told in seconds. */
export class MsCounts {
  private readonly bounds: readonly number[]
  private readonly counts: Float64Array
  private sumMs = 0

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

  tell(sink: MetricSink, name: string, help: string): void {
    const seconds = this.bounds.map((ms) => ms / 1000)
    sink.histogram(name, help, seconds, this.counts, this.sumMs / 1000)
  }
}
