import { BenchFault } from '../bench-fault.ts'
import type { ServerCounters } from './server-figures.ts'

const batchName = 'sluice_shard_batch_events'
const fetchMs = 5_000

/** Reads a node's /metrics page for what {@link ServerCounters} asks. */
export async function readNodeMetrics(host: string, opsPort: number): Promise<ServerCounters> {
  return countersOf(await pageOf(host, opsPort))
}

/** What each layer of the funnel has refused, without those that refused nothing. */
export async function readFunnel(host: string, opsPort: number): Promise<Readonly<Record<string, number>>> {
  const layers: Record<string, number> = {}
  for (const [, layer = '', count] of (await pageOf(host, opsPort)).matchAll(/^sluice_refused_total\{layer="([^"]+)"[^}]*\} (\S+)$/gm)) {
    if (Number(count) > 0) layers[layer] = (layers[layer] ?? 0) + Number(count)
  }
  return layers
}

/** Bytes of all frames that a node has sent over NATS, by what they were. */
export async function readBusBytes(host: string, opsPort: number): Promise<Readonly<Record<string, number>>> {
  const samples = (await pageOf(host, opsPort)).matchAll(/^sluice_bus_bytes_total\{[^}]*lane="([^"]+)"[^}]*\} (\S+)$/gm)
  return Object.fromEntries([...samples].map(([, lane = '', bytes]) => [lane, Number(bytes)]))
}

function pageOf(host: string, opsPort: number): Promise<string> {
  const url = `http://${host}:${opsPort}/metrics`
  return fetch(url, { signal: AbortSignal.timeout(fetchMs) }).then(
    (response) => response.text(),
    (error: unknown) => {
      throw new BenchFault(`${url} cannot be read; give the node's --ops-port, or 0 to go without`, error)
    },
  )
}

export function countersOf(page: string): ServerCounters {
  const values = new Map<string, number>()
  const batches: (readonly [number, number])[] = []
  for (const line of page.split('\n')) {
    const sample = /^([a-z_]+)(?:\{(.*)\})? (\S+)$/.exec(line)
    if (sample === null) continue
    const [, name = '', labels = '', value = ''] = sample
    if (name.startsWith(batchName) && !labels.includes('kind="inv"')) continue
    const bound = /le="([^"]+)"/.exec(labels)?.[1]
    if (name === `${batchName}_bucket`) batches.push([bound === '+Inf' ? Infinity : Number(bound), Number(value)])
    else values.set(name, Number(value))
  }
  const cpuSeconds = values.get('process_cpu_seconds_total')
  return {
    ...(cpuSeconds === undefined ? {} : { cpuSeconds: { node: cpuSeconds } }),
    ...given('records', values.get(`${batchName}_count`)),
    ...given('events', values.get(`${batchName}_sum`)),
    ...given('batches', batches.length === 0 ? undefined : batches),
  }
}

function given<N extends string, V>(name: N, value: V | undefined): { readonly [K in N]?: V } {
  const found: { [K in N]?: V } = {}
  if (value !== undefined) found[name] = value
  return found
}
