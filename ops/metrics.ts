import { collectDefaultMetrics, Registry } from 'prom-client'
import type { MetricSink, MetricSource } from '../cluster/metrics.ts'
import { MetricsPage } from './metrics-page.ts'

/** Gauges of the package that call themselves totals, which Prometheus' linter refuses; their parts are told beside them, by type. */
const misnamed = ['nodejs_active_handles_total', 'nodejs_active_requests_total', 'nodejs_active_resources_total'] as const

export interface Metrics {
  add(source: MetricSource): void
  /** All of our numbers as they are now. */
  collect(sink: MetricSink): void
  /** The page that Prometheus reads: our numbers as they are now, and Node's own. */
  scrape(): Promise<string>
  readonly contentType: string
}

export function createMetrics(): Metrics {
  const sources: MetricSource[] = []
  const node = new Registry()
  collectDefaultMetrics({ register: node })
  for (const name of misnamed) node.removeSingleMetric(name)
  const collect = (sink: MetricSink): void => {
    for (const source of sources) source.collect(sink)
  }
  return {
    contentType: node.contentType,
    add: (source) => {
      sources.push(source)
    },
    collect,
    scrape: async () => {
      const page = new MetricsPage()
      collect(page)
      return page.text() + (await node.metrics())
    },
  }
}
