import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { NatsServer } from '../../bench/servers/nats-server.ts'
import { type JetStreamOptions, JetStreamQueue, type JetStreamQueueLimits, jetStreamQueueLimits } from '../../cluster/jetstream-queue.ts'
import { orderContent } from '../../cluster/order-message-codec.ts'
import { order } from '../../cluster/queue-contract.ts'
import type { Delivery, QueuedOrder } from '../../cluster/queue.ts'
import { freePorts } from '../free-ports.ts'
import { type RecordedWorld, recordedWorld } from '../recorded-world.ts'
import { StallingProxy } from '../stalling-proxy.ts'
import { RawSubscriber } from './raw-subscriber.ts'

type OrderQueue = JetStreamQueue<QueuedOrder>

const soon = { timeout: 20_000, interval: 2 }
const swift = { backoffMs: 20, backoffMsMax: 50, attemptsMax: 3 }

let nats: NatsServer
let world: RecordedWorld
let queues: OrderQueue[]

beforeEach(async () => {
  const [port = 0] = await freePorts(1)
  nats = await NatsServer.start({ port, jetStream: true })
  world = recordedWorld()
  queues = []
})
afterEach(async () => {
  await Promise.all(queues.map((queue) => queue.close()))
  await nats.stop()
})

async function connect(limits: Partial<JetStreamQueueLimits> = {}, options: Partial<JetStreamOptions> = {}): Promise<OrderQueue> {
  const queue = await JetStreamQueue.connect({ servers: [nats.url], name: 'test', world, ...options }, orderContent, {
    ...jetStreamQueueLimits,
    ...limits,
  })
  queues.push(queue)
  return queue
}

const yes = (): boolean => true
const no = (): boolean => false

/** Handles everything at once, and tells what it got. */
function handle(queue: OrderQueue, concurrency = 10): Delivery[] {
  const got: Delivery[] = []
  queue.consume(concurrency, async (delivery) => void got.push(delivery))
  return got
}

test('NAT-40 each order goes to one of several workers', async () => {
  const [first, second, third] = [await connect(), await connect(), await connect()]
  const [one, two] = [handle(first), handle(second)]
  await Promise.all(Array.from({ length: 200 }, (_, index) => third.put(`o${index}`, order(index))))
  await vi.waitUntil(() => one.length + two.length >= 200, soon)
  expect(new Set([...one, ...two].map(({ id }) => id)).size).toBe(200)
  expect(one.length + two.length).toBe(200)
  expect(one.length * two.length).toBeGreaterThan(0)
})

test('NAT-41 an order whose worker is not heard of any more is handed to another', async () => {
  const proxy = await StallingProxy.start(nats.port)
  try {
    const worker = await connect({ ackWaitMs: 500, ackMs: 2_000, requestMs: 500 }, { servers: [`nats://127.0.0.1:${proxy.port}`] })
    let taken = 0
    worker.consume(1, async () => {
      taken++
      await new Promise<never>(() => {})
    })
    const other = await connect({ ackWaitMs: 500, ackMs: 1_000 })
    await other.put('o', order(1))
    await vi.waitUntil(() => taken > 0, soon)
    const got = handle(other)
    proxy.stall()
    await vi.waitUntil(() => got.length > 0, soon)
    expect(got).toEqual([{ id: 'o', order: order(1), attempt: 2 }])
  } finally {
    await proxy.close()
  }
})

test('NAT-42 an order whose worker is slow stays with it', async () => {
  const queue = await connect({ ackWaitMs: 300 })
  const attempts: number[] = []
  const ends: (() => void)[] = []
  queue.consume(10, async ({ attempt }) => {
    attempts.push(attempt)
    await new Promise<void>((resolve) => ends.push(resolve))
  })
  await queue.put('o', order())
  await vi.waitUntil(() => ends.length > 0, soon)
  const until = performance.now() + 1_500
  await vi.waitUntil(() => performance.now() > until, soon)
  for (const end of ends) end()
  expect(attempts).toEqual([1])
})

test('NAT-43 a restart of the server keeps the orders; what is put meanwhile is refused, and consumers go on by themselves', async () => {
  const queue = await connect()
  for (let index = 0; index < 20; index++) await queue.put(`o${index}`, order(index))
  await nats.halt()
  await vi.waitUntil(() => world.texts('warn').length > 0, soon)
  await expect(queue.put('late', order())).rejects.toMatchObject({ code: 'QUEUE_FAILED' })
  await expect(queue.deadLetters()).rejects.toMatchObject({ code: 'QUEUE_FAILED' })
  const got = handle(queue)
  await nats.resume()
  await vi.waitUntil(() => got.length >= 20, soon)
  await nats.halt()
  await nats.resume()
  await vi.waitUntil(() => queue.put('late', order()).then(yes, no), soon)
  await vi.waitUntil(() => got.some(({ id }) => id === 'late'), soon)
  expect(new Set(got.map(({ id }) => id)).size).toBe(21)
})

test('NAT-44 a JetStream that lost everything gets its streams again, from who puts and from who consumes', async () => {
  const [consuming, putting] = [await connect({}, { prefix: 'one' }), await connect({}, { prefix: 'other' })]
  const got = handle(consuming)
  await consuming.put('before', order())
  await vi.waitUntil(() => got.length > 0, soon)
  await nats.halt()
  nats.forget()
  await nats.resume()
  const stranger = await RawSubscriber.connect(nats.port, 'nothing')
  const after = Buffer.from(orderContent.messages.encode({ id: 'after', order: order() })).toString()
  await vi.waitUntil(async () => (await stranger.publish('one.orders', after), got.some(({ id }) => id === 'after')), soon)
  await vi.waitUntil(() => putting.put('after', order()).then(yes, no), soon)
  expect(await putting.deadLetters()).toEqual([])
  stranger.close()
})

test('NAT-45 dead letters are logged and kept where others see them, the newest, also after a restart', async () => {
  const [queue, operator] = [await connect({ ...swift, deadLettersMax: 3 }), await connect({ deadLettersMax: 3 })]
  queue.consume(1, async () => {
    throw new Error('no')
  })
  for (let index = 0; index < 5; index++) {
    await queue.put(`o${index}`, order(index))
    await vi.waitUntil(() => world.texts('error').length > index, soon)
  }
  const letters = await operator.deadLetters()
  expect(letters).toEqual([2, 3, 4].map((index) => ({ id: `o${index}`, order: order(index), attempts: 3, reason: 'no' })))
  expect(world.texts('error')).toEqual(Array.from({ length: 5 }, () => 'an order was handed out too often without an end'))
  await nats.halt()
  await nats.resume()
  await vi.waitUntil(() => operator.deadLetters().then(({ length }) => length === 3, no), soon)
})

test('NAT-46 an order that no worker lived to end is a dead letter too', async () => {
  const queue = await connect({ ...swift, ackWaitMs: 300 })
  const dying = await RawSubscriber.connect(nats.port, 'deliveries')
  await queue.put('o', order(1))
  const pull = { batch: 1, expires: 30_000_000_000 }
  for (let attempt = 1; attempt <= 3; attempt++) {
    await dying.publish('$JS.API.CONSUMER.MSG.NEXT.SLUICE_ORDERS.workers', JSON.stringify(pull), 'deliveries')
    await vi.waitUntil(() => dying.heard.includes(`.workers.${attempt}.`), soon)
  }
  const got = handle(queue)
  await vi.waitUntil(async () => (await queue.deadLetters()).length > 0, soon)
  expect(await queue.deadLetters()).toEqual([{ id: 'o', order: order(1), attempts: 3, reason: 'handed out too often without an end' }])
  expect(got).toEqual([])
  dying.close()
})

test('NAT-47 a handler that ends after its deadline has still handled the order', async () => {
  const queue = await connect({ ackMs: 100, backoffMs: 2_000, backoffMsMax: 2_000 })
  const ends: (() => void)[] = []
  const attempts: number[] = []
  queue.consume(10, async ({ attempt }) => {
    attempts.push(attempt)
    await new Promise<void>((resolve) => ends.push(resolve))
  })
  await queue.put('o', order())
  await vi.waitUntil(() => ends.length > 0, soon)
  const until = performance.now() + 300
  await vi.waitUntil(() => performance.now() > until, soon)
  ends[0]?.()
  const later = performance.now() + 2_500
  await vi.waitUntil(() => performance.now() > later, soon)
  expect(attempts).toEqual([1])
})

test('NAT-48 an order that cannot be read is left for others, told of, and dropped at last', async () => {
  const queue = await connect(swift)
  const newer = await RawSubscriber.connect(nats.port, 'nothing')
  await newer.publish('sluice.orders', '{"v":2}')
  const got = handle(queue)
  await queue.put('o', order())
  await vi.waitUntil(() => world.texts('error').length === 3, soon)
  expect(world.texts('error').at(-1)).toBe('an order in the queue cannot be read; it is dropped')
  expect(got.map(({ id }) => id)).toEqual(['o'])
  newer.close()
})

test('NAT-49 a consumer that closes gives back what was on its way to it', async () => {
  const [queue, other] = [await connect(), await connect()]
  const closing = queue.consume(10, async () => {})
  await vi.waitUntil(() => other.put('first', order()).then(yes, no), soon)
  const put = other.put('o', order())
  await Promise.resolve()
  // Nothing is read meanwhile, so the order lies in this process's socket when the consumer closes.
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 200)
  await closing.close()
  await put
  const got = handle(other)
  // Long before a silent worker loses its orders.
  const soonEnough = { ...soon, timeout: jetStreamQueueLimits.ackWaitMs / 2 }
  await expect(vi.waitUntil(() => got.some(({ id }) => id === 'o'), soonEnough)).resolves.toBe(true)
})

test('NAT-49 an order that has just ended makes room at once', async () => {
  const queue = await connect({ ordersMax: 1 })
  let ended = 0
  queue.consume(1, async () => void ended++)
  for (let index = 0; index < 100; index++) {
    await queue.put(`o${index}`, order(index))
    await vi.waitUntil(() => ended > index, { ...soon, interval: 0 })
  }
  expect(ended).toBe(100)
})

test('NAT-49 puts beyond what may wait are refused', async () => {
  const queue = await connect({ putsMax: 5 })
  const puts = await Promise.allSettled(Array.from({ length: 8 }, (_, index) => queue.put(`o${index}`, order(index))))
  expect(puts.map(({ status }) => status)).toEqual([...Array.from({ length: 5 }, () => 'fulfilled'), 'rejected', 'rejected', 'rejected'])
  expect(puts[7]).toMatchObject({ reason: { code: 'QUEUE_FULL' } })
})
