import type { MetricLabels, MetricSink } from './metrics.ts'

/** Takes what is told, for tests: `told['sluice_calls_total method=buy']`. What is told twice adds up. */
export class ToldSamples implements MetricSink {
  readonly told: Record<string, number> = {}

  counter(name: string, _help: string, value: number, labels: MetricLabels = {}): void {
    const key = [name, ...Object.entries(labels).map((label) => label.join('='))].join(' ')
    this.told[key] = (this.told[key] ?? 0) + value
  }

  gauge(name: string, help: string, value: number, labels?: MetricLabels): void {
    this.counter(name, help, value, labels)
  }

  histogram(name: string, help: string, _bounds: readonly number[], counts: ArrayLike<number>, sum: number, labels?: MetricLabels): void {
    this.summary(
      name,
      help,
      Array.from(counts).reduce((total, count) => total + count, 0),
      sum,
      labels,
    )
  }

  summary(name: string, help: string, count: number, sum: number, labels?: MetricLabels): void {
    this.counter(`${name}_count`, help, count, labels)
    this.counter(`${name}_sum`, help, sum, labels)
  }
}
