import type { MetricLabels, MetricSink } from '../../cluster/metrics.ts'

const boundsSeconds = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30] as const

/** How long something took, as a histogram. */
export class DurationCounts {
  private readonly counts = new Float64Array(boundsSeconds.length + 1)
  private sumSeconds = 0

  note(ms: number): void {
    const seconds = ms / 1000
    const bucket = boundsSeconds.findIndex((bound) => seconds <= bound)
    const at = bucket === -1 ? boundsSeconds.length : bucket
    this.counts[at] = (this.counts[at] ?? 0) + 1
    this.sumSeconds += seconds
  }

  collect(sink: MetricSink, name: string, help: string, labels: MetricLabels): void {
    sink.histogram(name, help, boundsSeconds, this.counts, this.sumSeconds, labels)
  }
}
