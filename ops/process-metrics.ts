import { constants, performance, PerformanceObserver } from 'node:perf_hooks'
import { memoryUsage } from 'node:process'
import { getHeapStatistics } from 'node:v8'
import type { MetricSink, MetricSource } from '../cluster/metrics.ts'
import { MsCounts } from '../cluster/ms-counts.ts'
import type { Timer, World } from '../cluster/world.ts'
import type { Readiness } from './readiness.ts'
import { versionOfSluice } from './version.ts'

const lookMs = 100

interface ProcessMetricsParts {
  readonly role: string
  /** Of each kind. */
  readonly shards: number
  readonly readiness: Pick<Readiness, 'whyNot'>
  readonly world: Pick<World, 'clock' | 'timers'>
}

/** What every process tells of itself beside what Node does: who it is, whether it is ready, and how its event loop fares. */
export class ProcessMetrics implements MetricSource {
  private readonly parts: ProcessMetricsParts
  private readonly version = versionOfSluice()
  private readonly loopDelays = new MsCounts([1, 5, 10, 20, 50, 100, 200, 500, 1_000, 5_000])
  private readonly ticker: Timer
  private readonly collections = new PerformanceObserver((list) => {
    if (list.getEntries().some((entry) => 'detail' in entry && isOfAll(entry.detail))) this.heapLive = getHeapStatistics().used_heap_size
  })
  private heapLive = 0
  private dueAt: number

  constructor(parts: ProcessMetricsParts) {
    this.parts = parts
    this.dueAt = parts.world.clock.monotonic() + lookMs
    this.ticker = parts.world.timers.every(lookMs, () => this.look())
    this.collections.observe({ entryTypes: ['gc'] })
  }

  collect(sink: MetricSink): void {
    const { role, shards, readiness } = this.parts
    const { active, idle } = performance.eventLoopUtilization()
    sink.gauge('sluice_build_info', 'Always 1; its labels say what runs here', 1, { version: this.version, role })
    for (const kind of ['inv', 'ses']) sink.gauge('sluice_shards', 'Shards that there are, whoever owns them', shards, { kind })
    sink.gauge('sluice_ready', 'Whether this process should be sent new work', readiness.whyNot === undefined ? 1 : 0)
    sink.counter('sluice_loop_active_seconds_total', 'Time that the event loop had something to do', active / 1000)
    sink.counter('sluice_loop_idle_seconds_total', 'Time that the event loop waited for something to do', idle / 1000)
    const arrays = 'Bytes of buffers and typed arrays, those of tables too, which nodejs_external_memory_bytes leaves out'
    sink.gauge('sluice_array_memory_bytes', arrays, memoryUsage().arrayBuffers)
    sink.gauge('sluice_heap_live_bytes', 'What was left in the heap when all of it was collected last, 0 before', this.heapLive)
    this.loopDelays.tell(sink, 'sluice_loop_delay_seconds', 'How late the event loop came round to a timer')
  }

  close(): void {
    this.ticker.cancel()
    this.collections.disconnect()
  }

  private look(): void {
    const now = this.parts.world.clock.monotonic()
    this.loopDelays.observe(Math.max(0, now - this.dueAt))
    this.dueAt = now + lookMs
  }
}

/** Of a collection: whether it was one of the whole heap. */
function isOfAll(detail: unknown): boolean {
  return typeof detail === 'object' && detail !== null && 'kind' in detail && detail.kind === constants.NODE_PERFORMANCE_GC_MAJOR
}
