import { BenchFault } from '../bench-fault.ts'
import { given, type ServerCounters } from './server-figures.ts'

const batchName = 'sluice_shard_batch_events'
const fetchMs = 5_000
/** Node's own measure of its event loop is a timer of so many ms, which it counts in (`monitorEventLoopDelay` of perf_hooks). */
export const loopTimerMs = 10

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
  const bytes: Record<string, number> = {}
  for (const line of page.split('\n')) {
    const sample = /^([a-z0-9_]+)(?:\{(.*)\})? (\S+)$/.exec(line)
    if (sample === null) continue
    const [, name = '', labels = '', value = ''] = sample
    if (name.startsWith(batchName) && !labels.includes('kind="inv"')) continue
    const bound = /le="([^"]+)"/.exec(labels)?.[1]
    if (name === `${batchName}_bucket`) batches.push([bound === '+Inf' ? Infinity : Number(bound), Number(value)])
    else if (name === 'sluice_bus_bytes_total') bytes[/lane="([^"]+)"/.exec(labels)?.[1] ?? ''] = Number(value)
    else values.set(name, Number(value))
  }
  const delay = values.get('nodejs_eventloop_lag_p99_seconds')
  return {
    ...given('cpuSeconds', ofNode(values.get('process_cpu_seconds_total'))),
    ...given('records', values.get(`${batchName}_count`)),
    ...given('events', values.get(`${batchName}_sum`)),
    ...given('batches', batches.length === 0 ? undefined : batches),
    ...given('bytes', Object.keys(bytes).length === 0 ? undefined : bytes),
    // Not a number if the page was read a moment ago.
    ...given('loopDelayP99Ms', ofNode(Number.isFinite(delay) ? Math.max(0, (delay ?? 0) * 1000 - loopTimerMs) : undefined)),
    ...given('memoryBytes', ofNode(values.get('process_resident_memory_bytes'))),
  }
}

function ofNode(value: number | undefined): Readonly<Record<'node', number>> | undefined {
  return value === undefined ? undefined : { node: value }
}
