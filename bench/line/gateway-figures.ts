import { readFileSync } from 'node:fs'

const fetchMs = 20_000

/** A gateway's metrics page, by name; of those with labels the bucket bounds only. */
export interface GatewayMetrics {
  readonly values: ReadonlyMap<string, number>
  /** How many slices of position rounds took up to so many seconds. */
  readonly slices: readonly (readonly [number, number])[]
}

export async function readGateway(opsPort: number): Promise<GatewayMetrics> {
  const response = await fetch(`http://127.0.0.1:${opsPort}/metrics`, { signal: AbortSignal.timeout(fetchMs) })
  const values = new Map<string, number>()
  const slices: (readonly [number, number])[] = []
  for (const line of (await response.text()).split('\n')) {
    const [, name = '', labels, value] = /^([a-z0-9_]+)(?:\{(.*)\})? (\S+)$/.exec(line) ?? []
    if (labels === undefined) values.set(name, Number(value))
    else if (name === 'sluice_position_slice_seconds_bucket') {
      const bound = /le="([^"]+)"/.exec(labels)?.[1]
      slices.push([bound === '+Inf' ? Infinity : Number(bound), Number(value)])
    }
  }
  return { values, slices }
}

/** The share of slices that took longer, between two looks. */
export function slicesOver(before: GatewayMetrics, after: GatewayMetrics, seconds: number): number {
  const countUpTo = ({ slices }: GatewayMetrics, bound: number): number => slices.find(([one]) => one === bound)?.[1] ?? 0
  const all = countUpTo(after, Infinity) - countUpTo(before, Infinity)
  const within = countUpTo(after, seconds) - countUpTo(before, seconds)
  return all === 0 ? 0 : (all - within) / all
}

/** Memory of a process that is in use, in bytes. */
export function residentBytes(pid: number): number {
  const kibi = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]
  return Number(kibi ?? 0) * 1024
}
