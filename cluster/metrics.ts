/**
 * How a part tells its numbers: it counts in plain fields on the hot path, and when somebody scrapes it is asked for what it has.
 * Names begin with `sluice_` and end with their unit (`_bytes`, `_seconds`), counters with `_total`.
 */
export interface MetricSource {
  collect(sink: MetricSink): void
}

export interface MetricSink {
  /** A number that only rises while the process lives. The same name and labels from several sources add up. */
  counter(name: string, help: string, value: number, labels?: MetricLabels): void
  /** A number that goes up and down. The same name and labels from several sources add up. */
  gauge(name: string, help: string, value: number, labels?: MetricLabels): void
  /** `counts[i]` is how many fell into `(bounds[i - 1], bounds[i]]`; one more count than bounds, the last for what lay above them all. `sum` adds up what was observed. */
  histogram(name: string, help: string, bounds: readonly number[], counts: ArrayLike<number>, sum: number, labels?: MetricLabels): void
  /** How many there were and what they add up to: a mean per series, where a histogram of each would be too many series. */
  summary(name: string, help: string, count: number, sum: number, labels?: MetricLabels): void
}

/** Values come from small fixed sets (a code, a shard, a configured SKU), never from users or addresses: each combination is a time series. */
export type MetricLabels = Readonly<Record<string, string>>
