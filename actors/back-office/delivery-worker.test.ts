import { afterEach, beforeEach, expect, test } from 'vitest'
import { LocalQueue } from '../../cluster/local-queue.ts'
import { op } from '../../protocol/entry.ts'
import { formatOrderId } from '../../protocol/ids.ts'
import { unpackInner } from '../../protocol/inner-codec.ts'
import type { OrderState } from '../../protocol/results.ts'
import type { EndedOrder } from '../inventory/ended-order.ts'
import type { ShardAnswer, ShardCalls, ShardCommand } from '../payment/shard-calls.ts'
import { skuId } from '../testing/ids.ts'
import { ManualWorld } from '../testing/manual-world.ts'
import type { BackOffice } from './back-office.ts'
import { DeliveryWorker, deliveryWorkerLimits } from './delivery-worker.ts'

const sku = skuId('shoe')

function endOf(claim: number, state: OrderState = 'paid'): EndedOrder {
  const order = formatOrderId({ sku, incarnation: 'x1', claim })
  const news = { sku, claim, user: 'ann', order, qty: 1, amountMinor: 5_000, currency: 'EUR', state, updatedAt: 7 }
  return { ...news, end: `${order}/${state}/7` }
}

/** Takes what it is told of, after as many failures as it is told, or when it is let. */
class Office implements BackOffice {
  readonly asked: string[] = []
  readonly waiting: (() => void)[] = []
  failures = 0
  waits = false

  async take({ end }: EndedOrder): Promise<'taken'> {
    this.asked.push(end)
    if (this.waits) await new Promise<void>((resolve) => this.waiting.push(resolve))
    if (this.failures-- > 0) throw new Error('the status 503')
    return 'taken'
  }
}

class Shards implements ShardCalls {
  readonly told: string[] = []

  shardOfText(): number {
    return 3
  }

  async request(kind: string, shard: number, command: ShardCommand): Promise<ShardAnswer> {
    expect([kind, shard, command.op, command.sku]).toEqual(['inv', 3, op.delivered, sku])
    this.told.push(unpackInner<string>(command.payload))
    return { error: null, result: null }
  }
}

let world: ManualWorld
let queue: LocalQueue<EndedOrder>
let office: Office
let shards: Shards
let worker: DeliveryWorker
let puts = 0

beforeEach(() => {
  world = new ManualWorld()
  queue = new LocalQueue(world)
  office = new Office()
  shards = new Shards()
  worker = new DeliveryWorker({ queue, office, calls: shards, world })
})
afterEach(async () => {
  for (const letGo of office.waiting) letGo()
  await world.settled(worker.close())
  await world.settled(queue.close())
})

async function put(...ends: readonly EndedOrder[]): Promise<void> {
  for (const one of ends) await queue.put(`${one.end}/${++puts}`, one)
  await world.pass(100)
}

test('OFF-6 an end is brought to the back office, and then the shard is told which', async () => {
  await put(endOf(1), endOf(2, 'declined'))
  expect(office.asked).toEqual([endOf(1).end, endOf(2, 'declined').end])
  expect(shards.told).toEqual(office.asked)
})

test('OFF-6 one that the back office does not take is left to its shard, which is not told', async () => {
  office.failures = 1
  await put(endOf(1))
  await world.pass(60_000)
  expect([office.asked.length, shards.told]).toEqual([1, []])
  expect(await queue.deadLetters()).toEqual([])
  await put(endOf(1))
  expect(shards.told).toEqual([endOf(1).end])
  expect(worker.counters).toEqual({ taken: 1, failed: 1 })
})

test('OFF-7 the ends of one order come one after the other, those of others beside them, and the same one not twice at a time', async () => {
  office.waits = true
  await put(endOf(1, 'declined'), endOf(1, 'refunded'), endOf(2), endOf(1, 'refunded'))
  expect(office.asked).toEqual([endOf(1, 'declined').end, endOf(2).end])
  for (const letGo of office.waiting.splice(0)) letGo()
  await world.pass(100)
  expect(office.asked.slice(2)).toEqual([endOf(1, 'refunded').end])
})

test('OFF-8 a back office that fails is left alone for a while; then one end tries whether it works again', async () => {
  const { failuresMax, openMostMs } = deliveryWorkerLimits.breaker
  office.failures = failuresMax
  for (let claim = 1; claim <= failuresMax + 5; claim++) await put(endOf(claim))
  expect(office.asked.length).toBe(failuresMax)
  await world.pass(openMostMs)
  await put(endOf(100))
  await put(endOf(101))
  expect(shards.told).toEqual([endOf(100).end, endOf(101).end])
})

test('OFF-8 no more requests are under way than is allowed', async () => {
  office.waits = true
  for (let claim = 1; claim <= deliveryWorkerLimits.concurrency + 5; claim++) await put(endOf(claim))
  expect(office.asked.length).toBe(deliveryWorkerLimits.concurrency)
})
