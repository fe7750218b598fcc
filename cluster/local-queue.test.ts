import { expect, test } from 'vitest'
import { LocalQueue } from './local-queue.ts'
import { ManualWorld } from './manual-world.ts'
import { contractLimits, order, queueContract } from './queue-contract.ts'
import { RecentIds } from './recent-ids.ts'

queueContract('The local queue', async () => {
  const world = new ManualWorld()
  const queue = new LocalQueue(world, contractLimits)
  return {
    queue,
    now: () => world.clock.monotonic(),
    pass: (ms) => world.pass(ms),
    close: async () => {
      const closing = queue.close()
      await world.pass(contractLimits.ackMs)
      await closing
    },
  }
})

function failingQueue(seed: number): { world: ManualWorld; queue: LocalQueue; at: number[] } {
  const world = new ManualWorld(seed)
  const queue = new LocalQueue(world, contractLimits)
  const at: number[] = []
  queue.consume(10, () => {
    at.push(world.clock.monotonic())
    return Promise.reject(new Error('no'))
  })
  return { world, queue, at }
}

test('QUE-10 waits lie between half and all of what doubles each time, and differ by chance', async () => {
  const seen = new Set<string>()
  for (let seed = 1; seed <= 20; seed++) {
    const { world, queue, at } = failingQueue(seed)
    await queue.put('o', order())
    await world.pass(1000)
    const waits = at.slice(1).map((one, index) => one - (at[index] ?? 0))
    for (const [index, most] of [100, 200, 250].entries()) {
      expect(waits[index]).toBeGreaterThanOrEqual(most / 2)
      expect(waits[index]).toBeLessThanOrEqual(most)
    }
    seen.add(waits.join(' '))
  }
  expect(seen.size).toBeGreaterThan(15)
})

test('QUE-11 only so many dead letters are kept, the newest, and each is logged', async () => {
  const { world, queue } = failingQueue(1)
  for (let index = 0; index < 5; index++) {
    await queue.put(`o${index}`, order(index))
    await world.pass(1000)
  }
  expect((await queue.deadLetters()).map(({ id }) => id)).toEqual(['o2', 'o3', 'o4'])
  expect(world.logged.filter(({ level }) => level === 'error')).toHaveLength(5)
})

test('QUE-12 a handler that ends after its deadline has still handled the order', async () => {
  const world = new ManualWorld()
  const queue = new LocalQueue(world, contractLimits)
  const ends: (() => void)[] = []
  queue.consume(10, () => new Promise<void>((resolve) => ends.push(resolve)))
  await queue.put('o', order())
  await world.pass(contractLimits.ackMs + 1)
  ends[0]?.()
  await world.pass(10_000)
  expect(ends).toHaveLength(1)
  expect(await queue.deadLetters()).toEqual([])
})

test('QUE-13 an id is forgotten after its time, and then is a new order', async () => {
  const world = new ManualWorld()
  const queue = new LocalQueue(world, contractLimits)
  let handled = 0
  queue.consume(1, async () => void handled++)
  await queue.put('o', order())
  await world.pass(contractLimits.dedupeMs - 1)
  await queue.put('o', order())
  await world.pass(1)
  expect(handled).toBe(1)
  await queue.put('o', order())
  await world.pass(0)
  expect(handled).toBe(2)
})

test('QUE-14 no more ids are remembered than the limit, the oldest are forgotten first', () => {
  const recent = new RecentIds(1000, 3)
  for (let index = 0; index < 5; index++) recent.add(`o${index}`, index)
  expect([0, 1, 2, 3, 4].map((index) => recent.has(`o${index}`, 5))).toEqual([false, false, true, true, true])
  expect(recent.has('o4', 1004)).toBe(false)
})
