import type { MetricSink } from '../cluster/metrics.ts'
import { skuLabels } from '../cluster/sku-labels.ts'
import type { Code } from '../protocol/codes.ts'
import { funnel, type GatewayCounters } from './gateway-counters.ts'
import type { MethodTable } from './method.ts'
import type { SkuView } from './sku-view.ts'

/** Tells what a gateway has counted. */
export function collectGateway(sink: MetricSink, counters: GatewayCounters, methods: MethodTable): void {
  const names = new Map([...methods.values()].map((method) => [method.index, method.name]))
  counters.eachAnswered((method, code, count) => {
    sink.counter('sluice_calls_total', 'Calls answered, by method and code', count, { method: names.get(method) ?? 'unknown', code })
  })
  collectFunnel(sink, counters)
  const { issued, ...outcomes } = counters.proofs
  sink.counter('sluice_challenges_issued_total', 'Challenges of proof of work given out', issued)
  for (const [outcome, count] of Object.entries(outcomes))
    sink.counter('sluice_proofs_total', 'Proofs of work that came with calls, by what they were worth', count, { outcome })
  for (const [transport, count] of Object.entries(counters.open))
    sink.gauge('sluice_connections_open', 'Open connections', count, { transport })
  for (const [transport, count] of Object.entries(counters.opened))
    sink.counter('sluice_connections_total', 'Connections ever opened', count, { transport })
  for (const [transport, count] of Object.entries(counters.sends))
    sink.counter('sluice_sends_total', 'Frames handed to WebSockets, published stock left out, and writes to RPC sockets', count, {
      transport,
    })
  counters.reads.collect(sink)
  sink.counter('sluice_http_calls_total', 'Calls by plain HTTP', counters.httpCalls)
  sink.counter('sluice_malformed_total', 'Connections closed because of what they sent', counters.malformed)
  sink.counter('sluice_banned_closed_total', 'Connections closed because their user or address was banned', counters.bannedClosed)
  sink.counter('sluice_paced_closed_total', 'Connections closed because they sent on and on', counters.pacedClosed)
  sink.counter('sluice_slow_closed_total', 'Connections closed because they did not read', counters.slowClosed)
  sink.counter('sluice_stock_frames_dropped_total', 'Stock frames dropped for slow WebSockets', counters.dropped)
  sink.counter('sluice_position_frames_total', 'Places in line told to clients', counters.positionFrames)
  sink.counter(
    'sluice_positions_put_off_total',
    'Places not told to a WebSocket that had not read what came before',
    counters.positionsPutOff,
  )
  counters.positionLags.tell(
    sink,
    'sluice_position_lag_seconds',
    'Since a place was shown or found unchanged, when the client was told a newer one',
  )
  counters.positionSlices.tell(sink, 'sluice_position_slice_seconds', 'Time for which a slice of a position round kept the event loop')
  sink.counter('sluice_position_rounds_encoded_total', 'Position rounds encoded by a worker thread', counters.roundsEncoded)
  sink.counter('sluice_position_encoder_failures_total', 'Position rounds that no worker thread encoded in time', counters.encoderFailures)
}

/** What each layer let through, and what it refused and why. */
function collectFunnel(sink: MetricSink, counters: GatewayCounters): void {
  const refused = (layer: string, code: string, count: number): void =>
    sink.counter('sluice_refused_total', 'What the gateway itself refused, by layer of the funnel and code', count, { layer, code })
  for (const [layer, count] of Object.entries(counters.passed))
    sink.counter('sluice_passed_total', 'What each layer of the funnel let through', count, { layer })
  const codes = new Map<string, Code | undefined>(Object.entries(funnel))
  for (const [layer, count] of Object.entries(counters.layers)) {
    const code = codes.get(layer)
    if (code !== undefined) refused(layer, code, count)
    else for (const [viewCode, viewCount] of Object.entries(counters.refusedByView)) refused(layer, viewCode, viewCount)
  }
}

/** Where SKUs stand, by the gateway's views. */
export function collectSkus(sink: MetricSink, views: readonly SkuView[]): void {
  const statuses = views.map((view) => view.status())
  const labelsOf = skuLabels(statuses.map(({ sku, state }) => ({ sku, isLive: state === 'open' || state === 'paused' })))
  statuses.forEach(({ sku, available, held, ordered, sold, waiting }, i) => {
    const labels = labelsOf(sku)
    for (const [state, units] of Object.entries({ available, held, ordered, sold }))
      sink.gauge('sluice_sku_units', 'Units of a SKU by state', units, { ...labels, state })
    sink.gauge('sluice_sku_waiting_people', 'People in line for a SKU', waiting, labels)
    const heat = views[i]?.heat ?? 0
    sink.gauge('sluice_sku_heat', 'Work that a buy of a SKU has to prove: 0 none, 1 as set, each step more twice as much', heat, labels)
  })
}
