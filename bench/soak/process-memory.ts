import { readFileSync } from 'node:fs'
import { loopTimerMs } from '../servers/node-metrics.ts'

/** Where the memory of a Node process is, in bytes. */
export interface ProcessMemory {
  /** All that is in use. */
  readonly resident: number
  /** Of that what no file stands behind: everything but programs and the map of the store. */
  readonly anonymous: number
  /** In use in the heap of the main thread, and what V8 keeps for it. */
  readonly heapUsed: number
  readonly heapTotal: number
  /** What was left of it when all of it was collected last; 0 before. */
  readonly heapLive: number
  /** Behind buffers and typed arrays, also where they have not been written to yet and so take nothing. */
  readonly external: number
  /** What is anonymous and not that heap: buffers, arrays, sockets, the store, other threads with their heaps, and what the allocator keeps. */
  readonly native: number
}

/** What a process says of its event loop, and what it has done so far. */
export interface ProcessSample extends ProcessMemory {
  /** Of the event loop since the page was read last. */
  readonly loopDelayP99Ms: number
  readonly snapshots: number
  /** Journal that is not in a snapshot yet, of all shards. */
  readonly journalLag: number
}

const fetchMs = 20_000

export async function readProcess(pid: number, opsPort: number): Promise<ProcessSample> {
  const response = await fetch(`http://127.0.0.1:${opsPort}/metrics`, { signal: AbortSignal.timeout(fetchMs) })
  return sampleOf(await response.text(), readFileSync(`/proc/${pid}/status`, 'utf8'))
}

/** Of a metrics page, and what Linux says of the process. */
export function sampleOf(page: string, status: string): ProcessSample {
  const inStatus = (name: string): number => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(status)?.[1] ?? NaN) * 1024
  const onPage = (name: string): number =>
    [...page.matchAll(new RegExp(`^${name}(?:\\{.*\\})? (\\S+)$`, 'gm'))].reduce((sum, [, value]) => sum + Number(value), 0)
  const anonymous = inStatus('RssAnon')
  const heapTotal = onPage('nodejs_heap_size_total_bytes')
  const external = onPage('sluice_array_memory_bytes')
  return {
    resident: inStatus('VmRSS'),
    anonymous,
    heapUsed: onPage('nodejs_heap_size_used_bytes'),
    heapTotal,
    heapLive: onPage('sluice_heap_live_bytes'),
    external,
    native: anonymous - heapTotal,
    loopDelayP99Ms: Math.max(0, onPage('nodejs_eventloop_lag_p99_seconds') * 1000 - loopTimerMs),
    snapshots: onPage('sluice_snapshots_total'),
    journalLag: onPage('sluice_shard_journal_lag_bytes'),
  }
}
