import type { MetricSink } from '../cluster/metrics.ts'
import type { SkuStatus } from '../protocol/results.ts'
import type { GatewayCounters } from './gateway-counters.ts'
import type { MethodTable } from './method.ts'

/** Tells what a gateway has counted. */
export function collectGateway(sink: MetricSink, counters: GatewayCounters, methods: MethodTable): void {
  const names = new Map([...methods.values()].map((method) => [method.index, method.name]))
  counters.eachAnswered((method, code, count) => {
    sink.counter('sluice_calls_total', 'Calls answered, by method and code', count, { method: names.get(method) ?? 'unknown', code })
  })
  for (const [layer, count] of Object.entries(counters.layers)) {
    sink.counter('sluice_refused_total', 'Calls and connections refused by the gateway itself, by layer of the funnel', count, { layer })
  }
  const { issued, ...outcomes } = counters.proofs
  sink.counter('sluice_challenges_issued_total', 'Challenges of proof of work given out', issued)
  for (const [outcome, count] of Object.entries(outcomes))
    sink.counter('sluice_proofs_total', 'Proofs of work that came with calls, by what they were worth', count, { outcome })
  for (const [transport, count] of Object.entries(counters.open))
    sink.gauge('sluice_connections_open', 'Open connections', count, { transport })
  for (const [transport, count] of Object.entries(counters.opened))
    sink.counter('sluice_connections_total', 'Connections ever opened', count, { transport })
  sink.counter('sluice_http_calls_total', 'Calls by plain HTTP', counters.httpCalls)
  sink.counter('sluice_malformed_total', 'Connections closed because of what they sent', counters.malformed)
  sink.counter('sluice_slow_closed_total', 'Connections closed because they did not read', counters.slowClosed)
  sink.counter('sluice_stock_frames_dropped_total', 'Stock frames dropped for slow WebSockets', counters.dropped)
  sink.counter('sluice_position_frames_total', 'Places in line told to clients', counters.positionFrames)
}

/** Where a SKU stands, by the gateway's view. */
export function collectSku(sink: MetricSink, status: SkuStatus, heat: number): void {
  const { sku, available, held, ordered, sold, waiting } = status
  for (const [state, units] of Object.entries({ available, held, ordered, sold }))
    sink.gauge('sluice_sku_units', 'Units of a SKU by state', units, { sku, state })
  sink.gauge('sluice_sku_waiting_people', 'People in line for a SKU', waiting, { sku })
  sink.gauge('sluice_sku_heat', 'Work that a buy of a SKU has to prove: 0 none, 1 as set, each step more twice as much', heat, { sku })
}
