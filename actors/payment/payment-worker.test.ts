import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { LocalQueue, localQueueLimits } from '../../cluster/local-queue.ts'
import { formatOrderId } from '../../protocol/ids.ts'
import { skuId } from '../testing/ids.ts'
import { ManualWorld } from '../testing/manual-world.ts'
import { orderOf, ScriptedInventory, ScriptedProvider } from '../testing/scripted-payment.ts'
import { PaymentWorker, type PaymentWorkerLimits } from './payment-worker.ts'

const sku = skuId('shoe')

describe('a payment worker', () => {
  let world: ManualWorld
  let queue: LocalQueue
  let provider: ScriptedProvider
  let inventory: ScriptedInventory
  let worker: PaymentWorker

  const start = (limits: Partial<PaymentWorkerLimits> = {}): void => {
    worker = new PaymentWorker({ queue, provider, calls: inventory, world, limits: { providerDeadlineMs: 1_000, ...limits } })
  }

  beforeEach(() => {
    world = new ManualWorld()
    queue = new LocalQueue(world)
    provider = new ScriptedProvider(world)
    inventory = new ScriptedInventory()
  })

  afterEach(async () => {
    await world.settled(worker.close())
    await world.settled(queue.close())
  })

  test('PAY-1 charges under the id of the order and settles what came of it', async () => {
    provider.charges = ['paid', 'declined']
    start()
    await queue.put('a', orderOf(1))
    await queue.put('b', orderOf(2))
    await world.until('both are settled', () => inventory.settled.length === 2)
    expect(provider.asked).toEqual(['charge shoe:x1:1', 'charge shoe:x1:2'])
    expect(inventory.settled).toEqual([
      { incarnation: 'x1', claim: 1, outcome: 'paid' },
      { incarnation: 'x1', claim: 2, outcome: 'declined' },
    ])
    expect(worker.counters).toMatchObject({ paid: 1, declined: 1, returned: 0 })
  })

  test('PAY-2 asks again until an unknown outcome is known, without another charge', async () => {
    provider.charges = ['unknown']
    provider.queries = ['unknown', 'unknown', 'declined']
    start()
    await queue.put('a', orderOf(1))
    await world.until('it is settled', () => inventory.settled.length === 1)
    expect(provider.asks('charge')).toBe(1)
    expect(provider.asks('query')).toBe(3)
    expect(inventory.outcomes).toEqual(['declined'])
  })

  test.each(['fails', 'hangs'] as const)('PAY-3 takes a provider that %s for an unknown outcome', async (what) => {
    provider.charges = [what]
    provider.queries = ['paid']
    start()
    await queue.put('a', orderOf(1))
    await world.until('it is settled', () => inventory.settled.length === 1)
    expect(provider.asked).toEqual(['charge shoe:x1:1', 'query shoe:x1:1'])
  })

  test('PAY-3 charges again, under the same key, what the provider never saw', async () => {
    provider.charges = ['fails', 'paid']
    provider.queries = ['absent']
    start()
    await queue.put('a', orderOf(1))
    await world.until('it is settled', () => inventory.settled.length === 1)
    expect(provider.asked).toEqual(['charge shoe:x1:1', 'query shoe:x1:1', 'charge shoe:x1:1'])
  })

  test('PAY-4 settles until the inventory has said yes or no', async () => {
    inventory.answers = ['BUSY', 'TIMEOUT', 'UNAVAILABLE']
    start()
    await queue.put('a', orderOf(1))
    await world.until('it is settled', () => worker.counters.paid === 1)
    expect(inventory.outcomes).toEqual(['paid', 'paid', 'paid', 'paid'])
    expect(provider.asks('charge')).toBe(1)
  })

  test('PAY-4 takes a refusal for an answer', async () => {
    inventory.answers = ['UNKNOWN_ORDER']
    start()
    await queue.put('a', orderOf(1))
    await world.until('it is settled', () => worker.counters.paid === 1)
    await world.pass(60_000)
    expect(inventory.settled).toHaveLength(1)
  })

  test('PAY-5 gives what is not known after so many tries back to the queue, which hands it out again', async () => {
    provider.charges = ['unknown']
    provider.queries = ['unknown', 'unknown']
    start({ triesMax: 3 })
    await queue.put('a', orderOf(1))
    await world.until('it went back', () => worker.counters.returned === 1)
    expect(inventory.settled).toEqual([])
    await world.until('it is settled', () => inventory.settled.length === 1)
    expect(provider.asked.slice(3)).toEqual(['charge shoe:x1:1'])
  })

  test('PAY-5 an order that cannot be read ends as a dead letter', async () => {
    start()
    await queue.put('a', { ...orderOf(1), order: formatOrderId({ sku, incarnation: 'UPPER', claim: 1 }) })
    await world.until('it failed often enough', () => worker.counters.returned === 8)
    await world.pass(1)
    expect((await queue.deadLetters()).map((letter) => letter.id)).toEqual(['a'])
    expect(provider.asked).toEqual([])
  })

  test('PAY-6 works once on an order that is delivered twice at a time', async () => {
    start()
    await queue.put('a', orderOf(1))
    await queue.put('b', orderOf(1))
    await world.until('it is settled', () => inventory.settled.length === 1)
    await world.pass(60_000)
    expect(provider.asks('charge')).toBe(1)
    expect(inventory.settled).toHaveLength(1)
  })

  const settledBefore = [
    ...['paid', 'declined', 'refunding', 'refunded', 'unrefunded'].map((state) => ({ state })),
    'UNKNOWN_ORDER',
  ] as const

  test.each(settledBefore)('PAY-17 leaves the provider alone with an order that was put again and is settled by now: %o', async (said) => {
    inventory.asked = said
    start()
    await queue.put('a', { ...orderOf(1), puts: 2 })
    await world.until('it is done', () => worker.counters.settledBefore === 1)
    await world.pass(60_000)
    expect(provider.asked).toEqual([])
    expect(inventory.settled).toEqual([])
  })

  const unsettled = [...['pending', 'overdue', 'cancelled'].map((state) => ({ state })), 'UNAVAILABLE', 'BUSY'] as const

  test.each(unsettled)('PAY-17 charges what was put again and of which its shard says %o', async (said) => {
    inventory.asked = said
    start()
    await queue.put('a', { ...orderOf(1), puts: 2 })
    await world.until('it is settled', () => inventory.settled.length === 1)
    expect(provider.asked).toEqual(['charge shoe:x1:1'])
  })

  test('PAY-17 gives back what was put again, whatever its order is', async () => {
    inventory.asked = { state: 'refunded' }
    start()
    await queue.put('a', { ...orderOf(1, 'refund'), puts: 2 })
    await world.until('it is settled', () => inventory.settled.length === 1)
    expect(provider.asks('refund')).toBe(1)
  })

  test('PAY-7 refunds until the money is back, then settles', async () => {
    provider.refunds = ['unknown', 'refunded']
    start()
    await queue.put('a', orderOf(1, 'refund'))
    await world.until('it is settled', () => inventory.settled.length === 1)
    expect(provider.asked).toEqual(['refund shoe:x1:1/refund', 'refund shoe:x1:1/refund'])
    expect(inventory.outcomes).toEqual(['refunded'])
  })

  test.each(['declined', 'cancelled'])('PAY-8 sends money back that came for an order which is %s', async (state) => {
    inventory.answers = [{ state }]
    start()
    await queue.put('a', orderOf(1))
    await world.until('it went back', () => worker.counters.givenBack === 1)
    expect(provider.asked).toEqual(['charge shoe:x1:1', 'refund shoe:x1:1/refund'])
    expect(worker.counters.paid).toBe(0)
  })

  test('PAY-19 an overdue order is not charged any more: its charge is closed, and what became of it settled', async () => {
    provider.closings = ['unknown', 'paid', 'declined']
    start()
    await queue.put('a', orderOf(1, 'close'))
    await world.until('it is settled', () => inventory.settled.length === 1)
    await queue.put('b', orderOf(2, 'close'))
    await world.until('it is settled', () => inventory.settled.length === 2)
    expect(provider.asked).toEqual(['close shoe:x1:1', 'close shoe:x1:1', 'close shoe:x1:2'])
    expect(inventory.outcomes).toEqual(['paid', 'declined'])
  })

  test('PAY-18 what was not charged is closed before it counts as such: a charge may be on its way', async () => {
    provider.refunds = ['absent', 'absent', 'refunded']
    provider.closings = ['unknown', 'paid']
    start()
    await queue.put('a', orderOf(1, 'refund'))
    await world.until('it is settled', () => inventory.settled.length === 1)
    expect(provider.asked.map((asked) => asked.split(' ')[0])).toEqual(['refund', 'close', 'refund', 'close', 'refund'])
    provider.refunds = [...provider.refunds, 'absent']
    await queue.put('b', orderOf(1, 'refund'))
    await world.until('it is settled', () => inventory.settled.length === 2)
    expect(inventory.outcomes).toEqual(['refunded', 'absent'])
    expect(provider.asks('charge')).toBe(0)
  })

  test('PAY-27 gives back a part of a paid order under the key of that refund, and settles just that', async () => {
    provider.refunds = ['unknown', 'refunded', 'absent']
    start()
    await queue.put('a', { ...orderOf(1, 'refund'), refund: 'shoe:x1:1/refund/a-b', puts: 2 })
    await world.until('it is settled', () => inventory.settled.length === 1)
    expect(provider.asked).toEqual(['refund shoe:x1:1/refund/a-b', 'refund shoe:x1:1/refund/a-b'])
    await queue.put('b', { ...orderOf(1, 'refund'), refund: 'shoe:x1:1/refund/c-d' })
    await world.until('it is settled', () => inventory.settled.length === 2)
    expect(inventory.settled).toEqual([
      { incarnation: 'x1', claim: 1, outcome: 'refunded', refund: 'shoe:x1:1/refund/a-b' },
      { incarnation: 'x1', claim: 1, outcome: 'refused', refund: 'shoe:x1:1/refund/c-d' },
    ])
    expect(provider.asks('close'), 'what is sold was charged').toBe(0)
  })

  test('PAY-13 a refund that the provider refuses is settled as such, and its order ends as a dead letter', async () => {
    provider.refunds = Array.from({ length: 100 }, () => 'refused' as const)
    start()
    await queue.put('a', orderOf(1, 'refund'))
    await world.until('it went back often enough', () => worker.counters.returned === localQueueLimits.attemptsMax)
    await world.pass(60_000)
    expect(inventory.outcomes).toEqual(Array.from({ length: localQueueLimits.attemptsMax }, () => 'refused'))
    expect((await queue.deadLetters()).map(({ id, reason }) => [id, reason])).toEqual([
      ['a', expect.stringContaining('does not give back')],
    ])
  })

  test('PAY-14 leaves the provider alone after so many failures in a row: orders stay in the queue until one of them gets through', async () => {
    provider.charges = Array.from({ length: 200 }, () => 'fails' as const)
    provider.queries = Array.from({ length: 200 }, () => 'fails' as const)
    start({ concurrency: 4, triesMax: 3, breaker: { failuresMax: 6, openFirstMs: 20_000, openMostMs: 20_000 } })
    for (let claim = 1; claim <= 40; claim++) await queue.put(`${claim}`, orderOf(claim))
    await world.until('what was under way went back', () => worker.counters.returned === 4)
    expect(provider.asked).toHaveLength(6)
    await world.until('one was tried', () => provider.asked.length === 7, 20_000)
    await world.pass(5_000)
    expect(provider.asked).toHaveLength(7)
    provider.charges = []
    provider.queries = []
    await world.until('all are settled', () => inventory.settled.length === 40)
    expect(await queue.deadLetters()).toEqual([])
    expect(provider.atOnceMost).toBe(4)
  })

  const charged = { order: orderOf(1).order, amountMinor: 5_000, currency: 'EUR' }

  test('PAY-15 told that there is news of a charge, it asks at once instead of waiting for its next try', async () => {
    provider.charges = ['unknown']
    provider.queries = ['unknown', 'paid']
    start({ retryFirstMs: 60_000, retryMostMs: 60_000 })
    await queue.put('a', orderOf(1))
    await world.until('it waits for its second try', () => provider.asks('charge') === 1)
    await world.pass(100)
    const before = world.clock.now()
    const first = worker.look(charged)
    await world.until('it asks', () => provider.asks('query') === 1, 1_000)
    await world.pass(100)
    const second = worker.look(charged)
    await world.settled(Promise.all([first, second]))
    expect(world.clock.now() - before).toBeLessThan(2_000)
    expect(inventory.outcomes).toEqual(['paid'])
  })

  test('PAY-16 it settles what nobody here works on, too, without a charge', async () => {
    provider.queries = ['absent', 'unknown', 'paid', 'paid']
    start()
    await expect(world.settled(worker.look(charged))).rejects.toMatchObject({ code: 'PAYMENT_UNKNOWN' })
    await expect(world.settled(worker.look(charged))).rejects.toMatchObject({ code: 'PAYMENT_UNKNOWN' })
    expect(inventory.settled).toEqual([])
    await world.settled(worker.look(charged))
    expect(inventory.outcomes).toEqual(['paid'])
    inventory.answers = [{ state: 'paid' }, { state: 'cancelled' }]
    await world.settled(worker.look(charged))
    expect(provider.asked.slice(-2), 'money for an order that has ended otherwise').toEqual(['query shoe:x1:1', 'refund shoe:x1:1/refund'])
    expect(provider.asks('charge')).toBe(0)
  })

  test('PAY-9 has no more payments under way than its limit', async () => {
    start({ concurrency: 4 })
    for (let claim = 1; claim <= 40; claim++) await queue.put(`${claim}`, orderOf(claim))
    await world.until('all are settled', () => inventory.settled.length === 40)
    expect(provider.atOnceMost).toBe(4)
  })

  test('PAY-9 has no more questions under way than its limit either, though the queue hands out again what takes long', async () => {
    const impatient = new LocalQueue(world, { ...localQueueLimits, ackMs: 500 })
    provider.takesMs = 900
    worker = new PaymentWorker({ queue: impatient, provider, calls: inventory, world, limits: { concurrency: 4 } })
    for (let claim = 1; claim <= 40; claim++) await impatient.put(`${claim}`, orderOf(claim))
    await world.until('all are settled', () => inventory.settled.length === 40)
    expect(provider.atOnceMost).toBe(4)
    await world.settled(impatient.close())
  })

  test('PAY-10 ends what is under way when it closes, and gives the rest back', async () => {
    provider.charges = ['paid', 'unknown']
    provider.queries = Array.from({ length: 100 }, () => 'unknown' as const)
    provider.takesMs = 900
    start({ concurrency: 2, triesMax: 100 })
    for (const claim of [1, 2, 3]) await queue.put(`${claim}`, orderOf(claim))
    await world.until('two are under way', () => provider.atOnce === 2)
    const before = world.clock.now()
    await world.settled(worker.close())
    expect(world.clock.now() - before).toBeLessThan(2_000)
    expect(inventory.outcomes).toEqual(['paid'])
    expect(worker.counters.returned).toBe(1)
    expect(provider.asks('charge')).toBe(2)
  })
})
