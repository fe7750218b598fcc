import type { SaleInfo } from '../../protocol/results.ts'
import { type Sample, sumOf } from './metrics-text.ts'

/** What was read at one moment; undefined is what did not answer. */
export interface TopReading {
  /** ms since 1970, for whoever looks; and of a clock that never goes back, for rates. */
  readonly at: number
  readonly monotonic: number
  readonly sales: readonly SaleInfo[] | undefined
  readonly cluster: ClusterStatus | undefined
  readonly processes: readonly { readonly address: string; readonly samples: readonly Sample[] | undefined }[]
}

export interface ClusterStatus {
  readonly nodes: readonly {
    readonly name: string
    readonly role: string
    readonly state: string
    readonly shards: readonly { readonly lagBytes: number }[]
  }[]
  readonly unowned: readonly string[]
}

/** What is shown, with null for what is not known. Rates are of the time since the reading before. */
export interface TopView {
  readonly at: number
  readonly skus: readonly TopSku[] | null
  readonly nodes:
    | readonly {
        readonly name: string
        readonly role: string
        readonly state: string
        readonly shards: number
        readonly lagBytes: number
      }[]
    | null
  readonly unowned: readonly string[] | null
  readonly processes: readonly TopProcess[]
}

export interface TopSku {
  readonly sale: string
  readonly sku: string
  readonly state: string
  readonly available: number
  readonly held: number
  readonly ordered: number
  readonly sold: number
  readonly waiting: number
  readonly soldPerSecond: number | null
}

export interface TopProcess {
  readonly address: string
  readonly answers: boolean
  readonly role: string | null
  readonly connections: number | null
  readonly callsPerSecond: number | null
  readonly refusedPerSecond: number | null
  /** By layer of the funnel, the busiest first. */
  readonly layers: readonly { readonly layer: string; readonly perSecond: number }[] | null
  /** What one of a hundred looks at the event loop found it late by, at least; in ms. */
  readonly loopLateMs: number | null
}

export function topView(reading: TopReading, before: TopReading | undefined): TopView {
  const seconds = before === undefined ? 0 : (reading.monotonic - before.monotonic) / 1_000
  const { cluster } = reading
  return {
    at: reading.at,
    skus: reading.sales?.flatMap((sale) => skusOf(sale, before?.sales, seconds)) ?? null,
    nodes:
      cluster?.nodes.map(({ shards, ...node }) => ({
        ...node,
        shards: shards.length,
        lagBytes: shards.reduce((sum, { lagBytes }) => sum + lagBytes, 0),
      })) ?? null,
    unowned: cluster?.unowned ?? null,
    processes: reading.processes.map(({ address, samples }) =>
      processOf(address, samples, before?.processes.find((one) => one.address === address)?.samples, seconds),
    ),
  }
}

function skusOf(sale: SaleInfo, before: readonly SaleInfo[] | undefined, seconds: number): readonly TopSku[] {
  const former = before?.find((one) => one.sale === sale.sale)?.skus
  return sale.skus.map(({ sku, state, available, held, ordered, sold, waiting }) => {
    const was = former?.find((one) => one.sku === sku)?.sold
    const soldPerSecond = was === undefined || seconds <= 0 ? null : Math.max(0, sold - was) / seconds
    return { sale: sale.sale, sku, state, available, held, ordered, sold, waiting, soldPerSecond }
  })
}

function processOf(
  address: string,
  samples: readonly Sample[] | undefined,
  before: readonly Sample[] | undefined,
  seconds: number,
): TopProcess {
  if (samples === undefined)
    return {
      address,
      answers: false,
      role: null,
      connections: null,
      callsPerSecond: null,
      refusedPerSecond: null,
      layers: null,
      loopLateMs: null,
    }
  const rate = (name: string, labels: Readonly<Record<string, string>> = {}): number | null =>
    rateOf(samples, before, seconds, name, labels)
  const names = new Set(samples.flatMap(({ name, labels }) => (name === 'sluice_refused_total' ? [labels['layer'] ?? ''] : [])))
  const layers = [...names].flatMap((layer) => {
    const perSecond = rate('sluice_refused_total', { layer })
    return perSecond === null ? [] : [{ layer, perSecond }]
  })
  return {
    address,
    answers: true,
    role: samples.find(({ name }) => name === 'sluice_build_info')?.labels['role'] ?? null,
    connections: sumOf(samples, 'sluice_connections_open') ?? null,
    callsPerSecond: rate('sluice_calls_total'),
    refusedPerSecond: rate('sluice_refused_total'),
    layers:
      before === undefined || names.size === 0
        ? null
        : layers.filter(({ perSecond }) => perSecond > 0).toSorted((a, b) => b.perSecond - a.perSecond),
    loopLateMs: lateOf(samples, before),
  }
}

/** Null where one of the two readings does not have it, or a process has begun anew in between. */
function rateOf(
  samples: readonly Sample[],
  before: readonly Sample[] | undefined,
  seconds: number,
  name: string,
  labels: Readonly<Record<string, string>>,
): number | null {
  const now = sumOf(samples, name, labels)
  const was = before === undefined ? undefined : sumOf(before, name, labels)
  return now === undefined || was === undefined || seconds <= 0 || now < was ? null : (now - was) / seconds
}

const lateShare = 0.01

/** By the buckets of a histogram: the upper bound of the one in which the look at that place was, among those since the reading before. */
function lateOf(samples: readonly Sample[], before: readonly Sample[] | undefined): number | null {
  if (before === undefined) return null
  const buckets = samples
    .filter(({ name }) => name === 'sluice_loop_delay_seconds_bucket')
    .map(({ labels, value }) => ({
      le: Number(labels['le'] === '+Inf' ? Infinity : labels['le']),
      count: value - (sumOf(before, 'sluice_loop_delay_seconds_bucket', { le: labels['le'] ?? '' }) ?? 0),
    }))
    .toSorted((a, b) => a.le - b.le)
  const all = buckets.at(-1)?.count ?? 0
  if (all <= 0) return null
  const found = buckets.find(({ count }) => count >= all * (1 - lateShare))
  return found === undefined ? null : found.le * 1_000
}
