import { expect, test } from 'vitest'
import { decodeSale } from '../../protocol/client/result-decoders.ts'
import { readMetrics } from './metrics-text.ts'
import { topLines } from './top-text.ts'
import { type TopReading, topView } from './top-view.ts'

function page(calls: number, refused: number, late: number): string {
  return `# HELP sluice_calls_total Calls
sluice_build_info{version="1",role="gateway"} 1
sluice_connections_open{transport="ws"} 3
sluice_connections_open{transport="rpc"} 1
sluice_calls_total{method="buy",code="0"} ${calls}
sluice_refused_total{layer="user",code="RATE_LIMITED"} ${refused}
sluice_refused_total{layer="stockView",code="SOLD_OUT"} 7
sluice_loop_delay_seconds_bucket{le="0.01"} ${100 + late}
sluice_loop_delay_seconds_bucket{le="0.1"} ${100 + 2 * late}
sluice_loop_delay_seconds_bucket{le="+Inf"} ${100 + 2 * late}
`
}

function reading(atMs: number, sold: number, pageText: string | undefined): TopReading {
  const units = { available: 10, held: 5, ordered: 5, sold, waiting: 1_234, state: 'open' }
  const sku = {
    ...units,
    sku: 'lamp',
    sale: 'desk',
    title: 'L',
    description: '',
    image: '',
    priceMinor: 1,
    currency: 'EUR',
    opensAt: 0,
    perUserMax: 1,
  }
  return {
    ...{ at: 0, monotonic: atMs },
    sales: [decodeSale({ sale: 'desk', title: 'D', opensAt: 0, state: 'open', skus: [sku] })],
    cluster: { nodes: [{ name: 'n1', role: 'all', state: 'ready', shards: [{ lagBytes: 5 }, { lagBytes: 6 }] }], unowned: ['inv.3'] },
    processes: [{ address: 'a:1', samples: pageText === undefined ? undefined : readMetrics(pageText) }],
  }
}

test('TOP-1 rates are those of the time between two looks, by layer of the funnel too', () => {
  const view = topView(reading(3_000, 30, page(500, 60, 50)), reading(1_000, 20, page(100, 40, 0)))
  expect(view.skus).toMatchObject([{ sale: 'desk', sku: 'lamp', sold: 30, soldPerSecond: 5 }])
  expect(view.processes).toEqual([
    {
      ...{ address: 'a:1', answers: true, role: 'gateway', connections: 4, callsPerSecond: 200, refusedPerSecond: 10 },
      ...{ layers: [{ layer: 'user', perSecond: 10 }], loopLateMs: 100 },
    },
  ])
  expect(view.nodes).toEqual([{ name: 'n1', role: 'all', state: 'ready', shards: 2, lagBytes: 11 }])
})

test('TOP-2 what is not known is not made up: no first look, no answer, a process that began anew', () => {
  expect(topView(reading(1_000, 20, page(100, 40, 0)), undefined)).toMatchObject({
    skus: [{ soldPerSecond: null }],
    processes: [{ callsPerSecond: null, layers: null, loopLateMs: null, connections: 4 }],
  })
  const anew = topView(reading(3_000, 20, page(3, 40, 0)), reading(1_000, 20, page(100, 40, 0)))
  expect(anew.processes).toMatchObject([{ callsPerSecond: null, refusedPerSecond: 0 }])
  const away = { ...reading(1_000, 20, undefined), sales: undefined, cluster: undefined }
  const text = topLines(topView(away, undefined), { columns: 120, colours: false }).join('\n')
  for (const said of ['? the node does not answer', '? does not answer', '? who owns what is not known']) expect(text).toContain(said)
})

test('TOP-3 the picture shows stock, line, rates and owners, and is no wider than the screen', () => {
  const view = topView(reading(3_000, 30, page(500, 60, 50)), reading(1_000, 20, page(100, 40, 0)))
  const lines = topLines(view, { columns: 150, colours: false })
  expect(lines.find((line) => line.startsWith('desk'))).toMatch(/^desk +lamp +open +█{14}▓▓▒▒░{5} +10 +5 +5 +30 +5\.0 +1,234$/)
  expect(lines.find((line) => line.startsWith('a:1'))).toMatch(/^a:1 +gateway +4 +200 +10\.0 +< 100 ms +user 10\.0$/)
  expect(lines.at(-1)).toBe('without an owner: inv.3')
  expect(lines[0]).not.toContain('q quits')
  expect(topLines(view, { columns: 150, colours: false, quits: true })[0]).toContain('q quits')
  for (const line of topLines(view, { columns: 40, colours: false })) expect(line.length).toBeLessThanOrEqual(40)
})

test('TOP-4 metrics are read with their labels, whatever stands in those', () => {
  expect(readMetrics('# TYPE a counter\na{x="1, \\"2\\" }",y="z"} 5\nb 1e3\n\nnonsense\n')).toEqual([
    { name: 'a', labels: { x: '1, \\"2\\" }', y: 'z' }, value: 5 },
    { name: 'b', labels: {}, value: 1_000 },
  ])
})
