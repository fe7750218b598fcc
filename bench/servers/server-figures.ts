/** What a server's own counters say at one moment. What it does not tell is left out. */
export interface ServerCounters {
  /** By process. */
  readonly cpuSeconds?: Readonly<Record<string, number>>
  readonly records?: number
  readonly events?: number
  /** Records by the number of their events, as a cumulative histogram: upper bound and count. */
  readonly batches?: readonly (readonly [bound: number, count: number])[]
  /** What was carried or is kept so far, in bytes, by what carries or keeps it. */
  readonly bytes?: Readonly<Record<string, number>>
}

/** The server's part in a measured time. */
export interface ServerFigures {
  /** Processor time it took, in cores: all its processes together, and where there are several each by itself. */
  readonly cores?: number
  readonly coresOf?: Readonly<Record<string, number>>
  readonly recordsPerSecond?: number
  /** Events in a record, which is one group commit. */
  readonly batchMean?: number
  /** Half of all events travelled in records of at most so many events, by bucket. */
  readonly batchSizes?: Readonly<Record<string, number>>
  /** What a call cost of what {@link ServerCounters.bytes} names. */
  readonly bytesPerEvent?: Readonly<Record<string, number>>
}

export function figuresBetween(before: ServerCounters, after: ServerCounters, seconds: number): ServerFigures {
  const records = difference(before.records, after.records)
  const events = difference(before.events, after.events)
  return {
    ...coresBetween(before.cpuSeconds ?? {}, after.cpuSeconds ?? {}, seconds),
    ...(records === undefined ? {} : { recordsPerSecond: records / seconds }),
    ...(records === undefined || events === undefined || records === 0 ? {} : { batchMean: events / records }),
    ...(before.batches === undefined || after.batches === undefined ? {} : { batchSizes: sizesBetween(before.batches, after.batches) }),
    ...bytesBetween(before.bytes, after.bytes, events),
  }
}

function coresBetween(before: Processes, after: Processes, seconds: number): Pick<ServerFigures, 'cores' | 'coresOf'> {
  const coresOf: Record<string, number> = {}
  for (const [name, cpuSeconds] of Object.entries(after)) coresOf[name] = (cpuSeconds - (before[name] ?? 0)) / seconds
  const each = Object.values(coresOf)
  if (each.length === 0) return {}
  return { cores: each.reduce((sum, one) => sum + one, 0), ...(each.length > 1 ? { coresOf } : {}) }
}

function bytesBetween(before: Bytes = {}, after: Bytes = {}, events = 0): Pick<ServerFigures, 'bytesPerEvent'> {
  const each = Object.entries(after).map(([name, bytes]) => [name, Math.round(((bytes - (before[name] ?? 0)) / events) * 10) / 10] as const)
  return each.length === 0 || events === 0 ? {} : { bytesPerEvent: Object.fromEntries(each) }
}

type Bytes = Readonly<Record<string, number>>
type Processes = Readonly<Record<string, number>>

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
