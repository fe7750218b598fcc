import { expect, test } from 'vitest'
import { z } from 'zod'
import { ManualWorld } from '../../cluster/manual-world.ts'
import type { MetricSink } from '../../cluster/metrics.ts'
import { SkuView } from '../../gateway/sku-view.ts'
import { skuSettings, skuView } from '../../gateway/view-fixtures.ts'
import type { SkuPhase } from '../../protocol/broadcast.ts'
import { boardSkusMax, LiveBoard } from './live-board.ts'

const facts = { node: 'n', role: 'all', isAlone: true, durability: 'fsync', version: '1', startedAt: 0 }

const boardSchema = z.object({
  process: z.unknown(),
  sales: z.array(z.object({ sale: z.string(), state: z.string(), skus: z.array(z.object({ sku: z.string() })) })),
  skusLeftOut: z.number(),
  figures: z.unknown(),
})

class Views {
  private readonly views = new Map<string, SkuView>()

  add(sku: string, sale: string, phase: SkuPhase, opensAt = 0): void {
    const settings = skuSettings(sku, {}, opensAt, sale)
    this.views.set(sku, new SkuView(0, { ...skuView(settings), phase }))
  }

  all(): Iterable<SkuView> {
    return this.views.values()
  }

  find(sku: string): SkuView | undefined {
    return this.views.get(sku)
  }
}

function boardOf(views: Views, collect: (sink: MetricSink) => void = () => {}) {
  const world = new ManualWorld()
  let looks = 0
  const metrics = {
    collect: (sink: MetricSink) => {
      looks++
      collect(sink)
    },
  }
  const board = new LiveBoard({ clock: world.clock, views, metrics, facts, whyNotReady: () => undefined })
  return { world, forget: () => board.forget(), look: () => boardSchema.parse(JSON.parse(board.look())), looks: () => looks }
}

test('CON-8 sales that are on come first, the one that opens last before the others', () => {
  const views = new Views()
  views.add('a', 'closed', 'closed')
  views.add('b', 'later', 'scheduled', 2_000)
  views.add('c', 'soon', 'scheduled', 1_000)
  views.add('d', 'open', 'open')
  views.add('e', 'paused', 'paused')
  views.add('0', 'open', 'open')
  const { sales, process } = boardOf(views).look()
  expect(sales.map(({ sale, state }) => [sale, state])).toEqual([
    ['open', 'open'],
    ['paused', 'paused'],
    ['later', 'scheduled'],
    ['soon', 'scheduled'],
    ['closed', 'over'],
  ])
  expect(sales[0]?.skus.map(({ sku }) => sku)).toEqual(['0', 'd'])
  expect(process).toEqual({ ...facts, state: 'ready' })
})

test('CON-8 only so many SKUs are told, those of whole sales, and how many are not', () => {
  const views = new Views()
  for (let i = 0; i < boardSkusMax - 1; i++) views.add(`big-${i}`, 'big', 'open', 1)
  views.add('two-1', 'two', 'open')
  views.add('two-2', 'two', 'open')
  views.add('one', 'one', 'closed')
  const { sales, skusLeftOut } = boardOf(views).look()
  expect([sales.map(({ sale }) => sale), skusLeftOut]).toEqual([['big'], 3])
})

test('CON-8 figures are those of the metrics, and many consoles cost what one costs', async () => {
  const { world, forget, look, looks } = boardOf(new Views(), (sink) => {
    sink.counter('sluice_calls_total', '', 5, { method: 'buy', code: 'OK' })
    sink.counter('sluice_passed_total', '', 7, { layer: 'bans' })
    sink.counter('sluice_refused_total', '', 2, { layer: 'bans', code: 'FORBIDDEN' })
    sink.counter('sluice_refused_total', '', 3, { layer: 'pending', code: 'BUSY' })
    sink.gauge('sluice_connections_open', '', 4, { transport: 'ws' })
    sink.gauge('sluice_users_connected', '', 4)
    sink.gauge('sluice_orders_open', '', 1, { state: 'pending' })
    sink.gauge('sluice_orders_open', '', 2, { state: 'pending' })
    sink.counter('sluice_loop_active_seconds_total', '', 1.5)
    sink.histogram('sluice_call_seconds', '', [1], [0, 0], 0)
    sink.counter('sluice_something_else_total', '', 1)
  })
  const { figures } = look()
  expect(figures).toMatchObject({
    calls: [{ method: 'buy', code: 'OK', count: 5 }],
    funnel: [
      { layer: 'bans', passed: 7, refused: { FORBIDDEN: 2 } },
      { layer: 'pending', passed: 0, refused: { BUSY: 3 } },
    ],
    connections: { ws: 4 },
    usersConnected: 4,
    loop: { activeSeconds: 1.5, idleSeconds: 0 },
    openOrders: { pending: 3 },
  })
  for (let i = 0; i < 100; i++) look()
  expect(looks()).toBe(1)
  await world.pass(1_000)
  look()
  expect(looks()).toBe(2)
  // Whoever has changed something sees it at once.
  forget()
  look()
  expect(looks()).toBe(3)
})
