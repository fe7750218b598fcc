import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { LocalQueue, localQueueLimits } from '../../cluster/local-queue.ts'
import type { QueuedOrder } from '../../cluster/queue.ts'
import { op } from '../../protocol/entry.ts'
import { formatOrderId, type OrderId } from '../../protocol/ids.ts'
import { unpackInner } from '../../protocol/inner-codec.ts'
import type { OrderName } from '../inventory/order-ids.ts'
import { skuId } from '../testing/ids.ts'
import { ManualWorld } from '../testing/manual-world.ts'
import { DeadOrders } from './dead-orders.ts'
import type { ChargeOutcome } from './payment-provider.ts'
import type { ShardAnswer, ShardCalls, ShardCommand } from './shard-calls.ts'

const sku = skuId('shoe')

function idOf(claim: number): OrderId {
  return formatOrderId({ sku, incarnation: 'x1', claim })
}

function orderOf(claim: number): QueuedOrder {
  return { order: idOf(claim), user: 'ann', qty: 1, amountMinor: 5_000, currency: 'EUR', payment: 'tok_secret', kind: 'charge', puts: 1 }
}

/** Says of each claim what a test says; of others, nothing. */
class ToldStates implements ShardCalls {
  readonly states = new Map<number, string>()

  shardOfText(): number {
    return 3
  }

  async request(kind: string, shard: number, command: ShardCommand): Promise<ShardAnswer> {
    expect([kind, shard, command.op, command.sku, command.user]).toEqual(['inv', 3, op.orderGet, sku, 'ann'])
    const state = this.states.get(unpackInner<OrderName>(command.payload).claim)
    if (state === undefined) return { error: { code: 'UNKNOWN_ORDER', message: 'not here' }, result: null }
    return state === 'BUSY' ? { error: { code: 'BUSY', message: 'later' }, result: null } : { error: null, result: { state } }
  }
}

describe('dead orders', () => {
  let world: ManualWorld
  let queue: LocalQueue
  let calls: ToldStates
  let dead: DeadOrders
  let outcomes: Map<OrderId, ChargeOutcome>

  /** Orders that a worker has tried in vain. */
  const bury = async (...claims: readonly number[]): Promise<void> => {
    const before = (await queue.deadLetters()).length
    for (const claim of claims) await queue.put(`${idOf(claim)}/pending/1.${before}`, orderOf(claim))
    const consumer = queue.consume(10, () => Promise.reject(new Error('not known yet')))
    const end = world.clock.now() + 60_000
    while ((await queue.deadLetters()).length < before + claims.length && world.clock.now() < end) await world.pass(1_000)
    await world.settled(consumer.close())
  }

  beforeEach(() => {
    world = new ManualWorld()
    queue = new LocalQueue(world, { ...localQueueLimits, attemptsMax: 2 })
    calls = new ToldStates()
    outcomes = new Map()
    dead = new DeadOrders({ queue, calls, worker: { ask: async (order) => outcomes.get(order) ?? 'absent' }, world })
  })
  afterEach(async () => {
    await dead.close()
    await world.settled(queue.close())
  })

  test('DEAD-1 are those that were tried in vain and are still open, each once, without its token', async () => {
    for (const [claim, state] of [
      [1, 'pending'],
      [2, 'refunding'],
      [3, 'paid'],
      [4, 'refunded'],
      [5, 'BUSY'],
    ] as const)
      calls.states.set(claim, state)
    await bury(1, 2, 3, 4, 5)
    await bury(1)
    const listed = await world.settled(dead.list())
    expect(listed.map(({ order, state }) => `${order} ${state}`).toSorted(byText)).toEqual([
      'shoe:x1:1 pending',
      'shoe:x1:2 refunding',
      'shoe:x1:5 unknown',
    ])
    expect(listed.find(({ order }) => order === idOf(1))).toMatchObject({
      user: 'ann',
      amountMinor: 5_000,
      kind: 'charge',
      attempts: 2,
      reason: 'not known yet',
    })
    expect(JSON.stringify(listed)).not.toContain('tok_')
  })

  test('DEAD-2 and those that have ended without the money which the provider may hold', async () => {
    for (const claim of [1, 2, 3]) calls.states.set(claim, 'declined')
    await bury(1, 2, 3, 4, 5)
    outcomes.set(idOf(2), 'paid').set(idOf(3), 'declined').set(idOf(5), 'unknown')
    const listed = await world.settled(dead.list())
    expect(listed.map(({ order, state }) => `${order} ${state}`).toSorted(byText)).toEqual(['shoe:x1:2 declined', 'shoe:x1:5 gone'])
  })

  test('DEAD-3 are tried again when an operator says so, one or all, and no others', async () => {
    calls.states.set(1, 'pending').set(2, 'overdue').set(3, 'paid')
    await bury(1, 2, 3)
    const delivered: string[] = []
    queue.consume(10, async ({ order }) => void delivered.push(`${order.order} ${order.payment}`))
    expect(await world.settled(dead.retry(new Set([idOf(2), idOf(3), 'shoe:x1:9'])))).toEqual([idOf(2)])
    await world.pass(1_000)
    expect(delivered).toEqual(['shoe:x1:2 tok_secret'])
    expect((await world.settled(dead.retry('all'))).toSorted(byText)).toEqual([idOf(1), idOf(2)])
    await world.pass(1_000)
    expect(delivered).toHaveLength(3)
  })

  test('DEAD-4 are counted every minute, and no more once they are settled', async () => {
    const counted = (): number => {
      const gauges = new Map<string, number>()
      dead.collect({ counter: () => {}, gauge: (name, _, value) => void gauges.set(name, value), histogram: () => {}, summary: () => {} })
      return gauges.get('sluice_orders_dead') ?? -1
    }
    calls.states.set(1, 'pending').set(2, 'pending')
    await bury(1, 2)
    await world.pass(60_000)
    expect(counted()).toBe(2)
    calls.states.set(1, 'paid')
    await world.pass(60_000)
    expect(counted()).toBe(1)
  })
})

function byText(a: string, b: string): number {
  return a < b ? -1 : 1
}
