/** What a server's own counters say at one moment. What it does not tell is left out. */
export interface ServerCounters {
  /** By process. */
  readonly cpuSeconds?: Processes
  readonly records?: number
  readonly events?: number
  /** Records by the number of their events, as a cumulative histogram: upper bound and count. */
  readonly batches?: readonly (readonly [bound: number, count: number])[]
  /** What was carried or is kept so far, in bytes, by what carries or keeps it. */
  readonly bytes?: Readonly<Record<string, number>>
  /** By process: how late its event loop came round to a timer, once in a hundred times since the counters were read last. */
  readonly loopDelayP99Ms?: Processes
  /** By process: memory in use. */
  readonly memoryBytes?: Processes
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
  /** Of the event loop, of Sluice's processes: that of the latest, and where there are several each by itself. */
  readonly loopDelayP99Ms?: number
  readonly loopDelayP99MsOf?: Processes
  /** In use at the end: all of them together, and each. */
  readonly memoryMb?: number
  readonly memoryMbOf?: Processes
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
    ...delaysOf(after.loopDelayP99Ms ?? {}),
    ...memoryOf(after.memoryBytes ?? {}),
  }
}

/** Of several processes that share the work. Processor time, delays and memory are told by process; `each` names them. */
export function togetherOf(each: Readonly<Record<string, ServerCounters>>): ServerCounters {
  const all = Object.values(each)
  const sum = (valueOf: (one: ServerCounters) => number | undefined): number | undefined =>
    all.reduce<number | undefined>((total, one) => {
      const value = valueOf(one)
      return value === undefined ? total : (total ?? 0) + value
    }, undefined)
  const ofProcess = (what: 'cpuSeconds' | 'loopDelayP99Ms' | 'memoryBytes'): Processes =>
    Object.fromEntries(Object.entries(each).flatMap(([name, one]) => Object.values(one[what] ?? {}).map((value) => [name, value] as const)))
  const lanes = new Set(all.flatMap(({ bytes = {} }) => Object.keys(bytes)))
  const batches = all.flatMap((one) => (one.batches === undefined ? [] : [one.batches]))
  return {
    ...given(
      'records',
      sum(({ records }) => records),
    ),
    ...given(
      'events',
      sum(({ events }) => events),
    ),
    // The same buckets everywhere.
    ...given(
      'batches',
      batches[0]?.map(([bound], i) => [bound, batches.reduce((total, one) => total + (one[i]?.[1] ?? 0), 0)] as const),
    ),
    cpuSeconds: ofProcess('cpuSeconds'),
    loopDelayP99Ms: ofProcess('loopDelayP99Ms'),
    memoryBytes: ofProcess('memoryBytes'),
    bytes: Object.fromEntries([...lanes].map((lane) => [lane, sum(({ bytes }) => bytes?.[lane]) ?? 0])),
  }
}

export function given<N extends string, V>(name: N, value: V | undefined): { readonly [K in N]?: V } {
  const found: { [K in N]?: V } = {}
  if (value !== undefined) found[name] = value
  return found
}

function delaysOf(delays: Processes): Pick<ServerFigures, 'loopDelayP99Ms' | 'loopDelayP99MsOf'> {
  const each = Object.values(delays)
  if (each.length === 0) return {}
  return { loopDelayP99Ms: Math.max(...each), ...(each.length > 1 ? { loopDelayP99MsOf: delays } : {}) }
}

function memoryOf(bytes: Processes): Pick<ServerFigures, 'memoryMb' | 'memoryMbOf'> {
  const each = Object.entries(bytes).map(([name, one]) => [name, one / 1024 ** 2] as const)
  if (each.length === 0) return {}
  return { memoryMb: each.reduce((sum, [, one]) => sum + one, 0), ...(each.length > 1 ? { memoryMbOf: Object.fromEntries(each) } : {}) }
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
