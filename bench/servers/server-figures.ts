/** What a server's own counters say at one moment. What it does not tell is left out. */
export interface ServerCounters {
  readonly cpuSeconds?: number
  readonly records?: number
  readonly events?: number
  /** Records by the number of their events, as a cumulative histogram: upper bound and count. */
  readonly batches?: readonly (readonly [bound: number, count: number])[]
}

/** The server's part in a measured time. */
export interface ServerFigures {
  /** Processor time it took, in cores. */
  readonly cores?: number
  readonly recordsPerSecond?: number
  /** Events in a record, which is one group commit. */
  readonly batchMean?: number
  /** Half of all events travelled in records of at most so many events, by bucket. */
  readonly batchSizes?: Readonly<Record<string, number>>
}

export function figuresBetween(before: ServerCounters, after: ServerCounters, seconds: number): ServerFigures {
  const cpu = difference(before.cpuSeconds, after.cpuSeconds)
  const records = difference(before.records, after.records)
  const events = difference(before.events, after.events)
  return {
    ...(cpu === undefined ? {} : { cores: cpu / seconds }),
    ...(records === undefined ? {} : { recordsPerSecond: records / seconds }),
    ...(records === undefined || events === undefined || records === 0 ? {} : { batchMean: events / records }),
    ...(before.batches === undefined || after.batches === undefined ? {} : { batchSizes: sizesBetween(before.batches, after.batches) }),
  }
}

/** Records per bucket, without the empty ones. */
function sizesBetween(
  before: readonly (readonly [number, number])[],
  after: readonly (readonly [number, number])[],
): Record<string, number> {
  const sizes: Record<string, number> = {}
  let below = 0
  for (const [i, [bound, count]] of after.entries()) {
    const upTo = count - (before[i]?.[1] ?? 0)
    if (upTo > below) sizes[Number.isFinite(bound) ? `<=${bound}` : 'more'] = upTo - below
    below = upTo
  }
  return sizes
}

function difference(before: number | undefined, after: number | undefined): number | undefined {
  return before === undefined || after === undefined ? undefined : after - before
}
