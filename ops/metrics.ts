import { AggregatorRegistry, collectDefaultMetrics, type PrometheusContentType, Registry } from 'prom-client'
import type { MetricLabels, MetricSink, MetricSource } from '../cluster/metrics.ts'

/** Label combinations kept of one metric; further ones are dropped and counted, so that a mistake with labels cannot fill memory. */
export const seriesPerMetricMax = 2048

/** Gauges of the package that call themselves totals, which Prometheus' linter refuses; their parts are told beside them, by type. */
const misnamed = ['nodejs_active_handles_total', 'nodejs_active_requests_total', 'nodejs_active_resources_total'] as const

export interface Metrics {
  add(source: MetricSource): void
  /** The page that Prometheus reads: our numbers as they are now, and Node's own. */
  scrape(): Promise<string>
  readonly contentType: string
}

export function createMetrics(): Metrics {
  const sources: MetricSource[] = []
  const node = new Registry()
  collectDefaultMetrics({ register: node })
  for (const name of misnamed) node.removeSingleMetric(name)
  return {
    contentType: node.contentType,
    add: (source) => {
      sources.push(source)
    },
    scrape: async () => {
      const page = new Page()
      for (const source of sources) source.collect(page)
      const ours = AggregatorRegistry.aggregate<PrometheusContentType>([page.metrics()])
      return Registry.merge([ours, node]).metrics()
    },
  }
}

interface Sample {
  readonly labels: Readonly<Record<string, string | number>>
  readonly value: number
  readonly metricName?: string
}

type Kind = 'counter' | 'gauge' | 'histogram' | 'summary'

/** A metric in the shape that prom-client's registries exchange. */
interface Metric {
  readonly name: string
  readonly help: string
  readonly type: Kind
  readonly aggregator: 'sum'
  readonly values: Sample[]
}

const nameShape = /^sluice_[a-z][a-z0-9]*(_[a-z0-9]+)*$/
const noLabels: MetricLabels = {}

/** Takes what the sources tell during one scrape. */
class Page implements MetricSink {
  private readonly byName = new Map<string, Metric>()
  private readonly seriesOf = new Map<string, number>()
  private dropped = 0

  counter(name: string, help: string, value: number, labels = noLabels): void {
    if (!name.endsWith('_total')) throw new Error(`the name of a counter ends with _total: ${name}`)
    this.seriesFor(name, help, 'counter')?.values.push({ labels, value })
  }

  gauge(name: string, help: string, value: number, labels = noLabels): void {
    this.seriesFor(name, help, 'gauge')?.values.push({ labels, value })
  }

  histogram(name: string, help: string, bounds: readonly number[], counts: ArrayLike<number>, sum: number, labels = noLabels): void {
    if (counts.length !== bounds.length + 1) throw new Error(`${name} has ${bounds.length} bounds and ${counts.length} counts`)
    const metric = this.seriesFor(name, help, 'histogram')
    if (metric === undefined) return
    let total = 0
    for (let i = 0; i < counts.length; i++) {
      total += counts[i] ?? 0
      metric.values.push({ labels: { ...labels, le: bounds[i] ?? '+Inf' }, value: total, metricName: `${name}_bucket` })
    }
    metric.values.push({ labels, value: sum, metricName: `${name}_sum` }, { labels, value: total, metricName: `${name}_count` })
  }

  summary(name: string, help: string, count: number, sum: number, labels = noLabels): void {
    this.seriesFor(name, help, 'summary')?.values.push(
      { labels, value: sum, metricName: `${name}_sum` },
      { labels, value: count, metricName: `${name}_count` },
    )
  }

  metrics(): readonly Metric[] {
    this.gauge('sluice_metrics_dropped_series', 'Label combinations left out of this page because their metric has too many', this.dropped)
    return [...this.byName.values()]
  }

  /** The metric to add a series to; undefined once it has too many. */
  private seriesFor(name: string, help: string, type: Kind): Metric | undefined {
    const series = (this.seriesOf.get(name) ?? 0) + 1
    if (series > seriesPerMetricMax) {
      this.dropped++
      return undefined
    }
    this.seriesOf.set(name, series)
    return this.metricOf(name, help, type)
  }

  private metricOf(name: string, help: string, type: Kind): Metric {
    const known = this.byName.get(name)
    if (known !== undefined) {
      if (known.type !== type) throw new Error(`${name} is told as a ${known.type} and as a ${type}`)
      return known
    }
    if (!nameShape.test(name)) throw new Error(`not a name for a metric: ${name}`)
    const metric: Metric = { name, help, type, aggregator: 'sum', values: [] }
    this.byName.set(name, metric)
    return metric
  }
}
