import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { formatOrderId, parseSkuId } from '../protocol/ids.ts'
import type { Delivery, Queue, QueuedOrder } from './queue.ts'

/** A queue with the contract's limits, and its time. */
export interface QueueBench {
  readonly queue: Queue
  /** By the queue's clock, in ms. */
  now(): number
  pass(ms: number): Promise<void>
  close(): Promise<void>
}

/** Small enough for a test, and with real time behind it not too small. */
export const contractLimits = {
  ordersMax: 20,
  dedupeMs: 10_000,
  ackMs: 400,
  attemptsMax: 4,
  backoffMs: 100,
  backoffMsMax: 250,
  deadLettersMax: 3,
}

/** What every {@link Queue} promises. */
export function queueContract(name: string, makeBench: () => Promise<QueueBench>): void {
  describe(`${name} keeps the contract of Queue`, () => {
    let bench: QueueBench
    let queue: Queue

    beforeEach(async () => {
      bench = await makeBench()
      queue = bench.queue
    })
    afterEach(() => bench.close())

    async function until(holds: () => boolean | Promise<boolean>, withinMs = 5000): Promise<void> {
      const deadline = bench.now() + withinMs
      while (!(await holds())) {
        if (bench.now() > deadline) throw new Error(`not within ${withinMs} ms`)
        await bench.pass(1)
      }
    }

    /** Handles every delivery like this, and tells what it got and when. */
    function handle(how: (delivery: Delivery) => Promise<void>, concurrency = 10): (Delivery & { readonly at: number })[] {
      const got: (Delivery & { readonly at: number })[] = []
      queue.consume(concurrency, (delivery) => {
        got.push({ ...delivery, at: bench.now() })
        return how(delivery)
      })
      return got
    }

    const done = async (): Promise<void> => {}
    const never = (): Promise<void> => new Promise(() => {})
    const failing = async (): Promise<void> => {
      throw new Error('declined to work')
    }

    test('QUE-1 every order is handed out, with all that was put, oldest first', async () => {
      for (let index = 0; index < 10; index++) await queue.put(`o${index}`, order(index))
      const got = handle(done, 1)
      await until(() => got.length === 10)
      expect(got.map(({ id, attempt }) => `${id} ${attempt}`)).toEqual(Array.from({ length: 10 }, (_, index) => `o${index} 1`))
      expect(got.map((delivery) => delivery.order)).toEqual(Array.from({ length: 10 }, (_, index) => order(index)))
    })

    test('QUE-1 an order that was handled is not handed out again', async () => {
      const got = handle(done)
      await queue.put('o', order())
      await until(() => got.length > 0)
      await bench.pass(3 * contractLimits.ackMs)
      expect(got).toHaveLength(1)
      expect(await queue.deadLetters()).toEqual([])
    })

    test('QUE-2 an id that was put before is not queued again, while it waits, runs or after it has ended', async () => {
      await queue.put('o', order())
      await queue.put('o', order())
      let end: () => void = () => {}
      const got = handle(() => new Promise((resolve) => (end = resolve)))
      await until(() => got.length > 0)
      await queue.put('o', order())
      end()
      await bench.pass(10)
      await queue.put('o', order())
      await bench.pass(2 * contractLimits.ackMs)
      expect(got).toHaveLength(1)
    })

    test('QUE-3 no more than the asked number run at once', async () => {
      let running = 0
      let most = 0
      const ends: (() => void)[] = []
      const got = handle(async () => {
        most = Math.max(most, ++running)
        await new Promise<void>((resolve) => ends.push(resolve))
        running--
      }, 3)
      for (let index = 0; index < 9; index++) await queue.put(`o${index}`, order(index))
      for (let ended = 0; ended < 9; ended++) {
        await until(() => ends.length > 0)
        ends.shift()?.()
      }
      await until(() => running === 0)
      expect(got).toHaveLength(9)
      expect(most).toBe(3)
    })

    test('QUE-4 a handler that throws gets the order again, later each time, up to the longest wait', async () => {
      const got = handle(failing)
      await queue.put('o', order())
      await until(() => got.length === contractLimits.attemptsMax)
      expect(got.map(({ attempt }) => attempt)).toEqual([1, 2, 3, 4])
      const waits = got.slice(1).map(({ at }, index) => at - (got[index]?.at ?? 0))
      // Half to all of 100, 200 and 250 ms; real time adds what it likes.
      for (const [index, least] of [50, 100, 125].entries()) expect(waits[index]).toBeGreaterThanOrEqual(least)
    })

    test('QUE-4 one that throws before it returns a promise is no different', async () => {
      const got = handle((delivery) => {
        if (delivery.attempt === 1) throw new Error('at once')
        return Promise.resolve()
      })
      await queue.put('o', order())
      await until(() => got.length === 2)
      expect(got.map(({ attempt }) => attempt)).toEqual([1, 2])
    })

    test('QUE-5 a handler that outlives the ack deadline gets the order again, and makes room', async () => {
      const got = handle((delivery) => (delivery.attempt === 1 ? never() : done()), 1)
      await queue.put('o', order())
      await queue.put('p', order())
      await until(() => got.filter(({ attempt }) => attempt === 2).length === 2)
      const [first, again] = got.filter(({ id }) => id === 'o')
      expect((again?.at ?? 0) - (first?.at ?? 0)).toBeGreaterThanOrEqual(contractLimits.ackMs)
    })

    test('QUE-6 an order that was handed out too often becomes a dead letter, and is left alone', async () => {
      const got = handle(failing)
      await queue.put('o', order(7))
      await until(async () => (await queue.deadLetters()).length > 0)
      expect(await queue.deadLetters()).toEqual([
        { id: 'o', order: order(7), attempts: contractLimits.attemptsMax, reason: 'declined to work' },
      ])
      await bench.pass(2 * contractLimits.ackMs)
      expect(got).toHaveLength(contractLimits.attemptsMax)
    })

    test('QUE-7 orders beyond the limit are refused, and taken again once there is room', async () => {
      for (let index = 0; index < contractLimits.ordersMax; index++) await queue.put(`o${index}`, order(index))
      await expect(queue.put('late', order())).rejects.toMatchObject({ code: 'QUEUE_FULL' })
      await queue.put('o1', order(1))
      const got = handle(done)
      await until(() => got.length === contractLimits.ordersMax)
      await bench.pass(1)
      await queue.put('late', order())
      await until(() => got.some(({ id }) => id === 'late'))
    })

    test('QUE-8 a closed consumer takes no more, and closes when what runs has ended', async () => {
      const ends: (() => void)[] = []
      const got: string[] = []
      const consumer = queue.consume(1, async ({ id }) => {
        got.push(id)
        await new Promise<void>((resolve) => ends.push(resolve))
      })
      await queue.put('o', order())
      await queue.put('p', order())
      await until(() => ends.length > 0)
      let closed = false
      const closing = consumer.close().then(() => {
        closed = true
      })
      await bench.pass(10)
      expect(closed).toBe(false)
      ends[0]?.()
      await closing
      await bench.pass(10)
      expect(got).toEqual(['o'])
      const next = handle(done)
      await until(() => next.length > 0)
      expect(next.map(({ id }) => id)).toEqual(['p'])
    })

    test('QUE-9 a closed queue refuses', async () => {
      const got = handle(done)
      await queue.close()
      await queue.close()
      await expect(queue.put('o', order())).rejects.toMatchObject({ code: 'QUEUE_CLOSED' })
      expect(() => queue.consume(1, done)).toThrow('closed')
      expect(got).toEqual([])
    })
  })
}

export function order(units = 1): QueuedOrder {
  const sku = parseSkuId('phone')
  if (sku === undefined) throw new Error('not a SKU')
  const id = formatOrderId({ sku, incarnation: 'abc', claim: units })
  return {
    order: id,
    user: `user ${units}`,
    qty: units,
    amountMinor: 100 * units,
    currency: 'EUR',
    payment: 'tok_ok',
    kind: 'charge',
    puts: 1,
  }
}
