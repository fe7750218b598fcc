import type { MetricLabels, MetricSink } from '../cluster/metrics.ts'

/** Label combinations kept of one metric; further ones are dropped and counted, so that a mistake with labels cannot fill memory. */
export const seriesPerMetricMax = 2048

type Kind = 'counter' | 'gauge' | 'histogram' | 'summary'

interface Family {
  readonly kind: Kind
  readonly help: string
  readonly series: Map<string, Series>
}

/** `count` and `sum` of summaries and histograms; of others `sum` is the value. */
interface Series {
  sum: number
  count: number
  readonly bounds: readonly number[]
  /** By bucket, not cumulated. */
  readonly counts: Float64Array
}

const nameShape = /^sluice_[a-z][a-z0-9]*(_[a-z0-9]+)*$/
const noLabels: MetricLabels = {}
const noBounds: readonly number[] = []
const noCounts = new Float64Array(0)

/**
 * Takes what the sources tell during one scrape, and writes it in Prometheus' text format. Written here, and not by a library, because a node has some thousand
 * series, and while they are written nobody is served.
 */
export class MetricsPage implements MetricSink {
  private readonly families = new Map<string, Family>()
  private dropped = 0

  counter(name: string, help: string, value: number, labels = noLabels): void {
    if (!name.endsWith('_total')) throw new Error(`the name of a counter ends with _total: ${name}`)
    const series = this.series('counter', name, help, labels)
    if (series !== undefined) series.sum += value
  }

  gauge(name: string, help: string, value: number, labels = noLabels): void {
    const series = this.series('gauge', name, help, labels)
    if (series !== undefined) series.sum += value
  }

  histogram(name: string, help: string, bounds: readonly number[], counts: ArrayLike<number>, sum: number, labels = noLabels): void {
    if (counts.length !== bounds.length + 1) throw new Error(`${name} has ${bounds.length} bounds and ${counts.length} counts`)
    const series = this.series('histogram', name, help, labels, bounds)
    if (series === undefined) return
    series.sum += sum
    for (let i = 0; i < series.counts.length; i++) series.counts[i] = (series.counts[i] as number) + (counts[i] ?? 0)
  }

  summary(name: string, help: string, count: number, sum: number, labels = noLabels): void {
    const series = this.series('summary', name, help, labels)
    if (series === undefined) return
    series.sum += sum
    series.count += count
  }

  text(): string {
    this.gauge('sluice_metrics_dropped_series', 'Label combinations left out of this page because their metric has too many', this.dropped)
    const lines: string[] = []
    for (const [name, { kind, help, series }] of this.families) {
      lines.push(`# HELP ${name} ${help.replaceAll('\\', '\\\\').replaceAll('\n', '\\n')}`, `# TYPE ${name} ${kind}`)
      for (const [labels, one] of series) writeSeries(lines, kind, name, labels, one)
    }
    return `${lines.join('\n')}\n`
  }

  /** Where to add; undefined once the metric has too many series. */
  private series(kind: Kind, name: string, help: string, labels: MetricLabels, bounds = noBounds): Series | undefined {
    const { series } = this.family(kind, name, help)
    const key = textOf(labels)
    const known = series.get(key)
    if (known !== undefined) return known
    if (series.size >= seriesPerMetricMax) {
      this.dropped++
      return undefined
    }
    const made = { sum: 0, count: 0, bounds, counts: kind === 'histogram' ? new Float64Array(bounds.length + 1) : noCounts }
    series.set(key, made)
    return made
  }

  private family(kind: Kind, name: string, help: string): Family {
    const known = this.families.get(name)
    if (known !== undefined) {
      if (known.kind !== kind) throw new Error(`${name} is told as a ${known.kind} and as a ${kind}`)
      return known
    }
    if (!nameShape.test(name)) throw new Error(`not a name for a metric: ${name}`)
    const family: Family = { kind, help, series: new Map() }
    this.families.set(name, family)
    return family
  }
}

function writeSeries(lines: string[], kind: Kind, name: string, labels: string, { sum, count, bounds, counts }: Series): void {
  const braced = labels === '' ? '' : `{${labels}}`
  if (kind === 'counter' || kind === 'gauge') {
    lines.push(`${name}${braced} ${sum}`)
    return
  }
  let total = count
  for (let i = 0; i < counts.length; i++) {
    total += counts[i] as number
    lines.push(`${name}_bucket{${labels === '' ? '' : `${labels},`}le="${bounds[i] ?? '+Inf'}"} ${total}`)
  }
  lines.push(`${name}_sum${braced} ${sum}`, `${name}_count${braced} ${total}`)
}

/** `kind="inv",shard="inv.1"`: alike for the same labels, in whatever order they are named. */
function textOf(labels: MetricLabels): string {
  const names = Object.keys(labels)
  if (names.length > 1) names.sort()
  let text = ''
  for (const name of names) text += `${text === '' ? '' : ','}${name}="${escaped(labels[name] ?? '')}"`
  return text
}

function escaped(value: string): string {
  return /[\\"\n]/.test(value) ? value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n') : value
}
