import { beforeEach, describe, expect, test } from 'vitest'
import { contractLimits, order, queueContract } from '../../cluster/queue-contract.ts'
import type { Delivery, Queue } from '../../cluster/queue.ts'
import type { SimProcess } from './sim-process.ts'
import { SimQueue } from './sim-queue.ts'
import { SmallWorld } from './small-world.ts'
import { calmQueue, type QueueWeather } from './weather.ts'

/** A queue whose callers wait while time passes. */
function driven(world: SmallWorld, queue: Queue): Queue {
  return {
    put: (id, put) => world.settled(queue.put(id, put)),
    consume: (concurrency, handler) => queue.consume(concurrency, handler),
    deadLetters: () => world.settled(queue.deadLetters()),
    close: () => world.settled(queue.close()),
  }
}

queueContract('The simulated queue', async () => {
  const world = new SmallWorld()
  const queue = driven(world, new SimQueue(world, contractLimits).connect(world.process('worker')))
  return { queue, now: () => world.scheduler.now, pass: (ms) => world.pass(ms), close: () => queue.close() }
})

describe('the simulated queue', () => {
  let world: SmallWorld
  let sim: SimQueue
  let shard: Queue
  let workers: SimProcess[]
  let got: string[]

  beforeEach(() => begin(1))

  function begin(seed: number): void {
    world = new SmallWorld(seed)
    sim = new SimQueue(world, contractLimits)
    shard = driven(world, sim.connect(world.process('shard')))
    workers = [world.process('worker-1'), world.process('worker-2')]
    got = []
  }

  const weather = (changes: Partial<QueueWeather>): void => {
    sim.weather = { ...calmQueue, ...changes }
  }

  async function work(how: (delivery: Delivery, worker: string) => Promise<void> = async () => {}): Promise<void> {
    for (const worker of workers) {
      sim.connect(worker).consume(1, (delivery) => {
        got.push(`${worker.name} ${delivery.id} ${delivery.attempt}`)
        return how(delivery, worker.name)
      })
    }
    await world.pass(5)
  }

  async function putAll(count: number): Promise<string[]> {
    const results: string[] = []
    for (let number = 0; number < count; number++) {
      await shard.put(`o${number}`, order(number)).then(
        () => results.push('put'),
        (error: unknown) => results.push(error instanceof Error ? error.message : ''),
      )
    }
    return results
  }

  test('SIM-N30 a put may fail, or be done and answered with a failure', async () => {
    weather({ failShare: 1 })
    expect(await putAll(2)).toEqual(Array(2).fill('the queue did not answer: it failed'))
    expect(sim.size).toBe(0)
    weather({ answerLostShare: 1 })
    expect(await putAll(2)).toEqual(Array(2).fill(`the queue did not answer: no answer within ${calmQueue.timeoutMs} ms`))
    expect(sim.size).toBe(2)
    weather({ slowShare: 1, slowMs: { fromMs: 3_000, toMs: 3_000 } })
    await expect(shard.put('late', order())).rejects.toThrow('no answer')
    expect(sim.size).toBe(2)
    await world.pass(3_000)
    expect(sim.size).toBe(3)
  })

  test('SIM-N30 what a process has put arrives although it dies', async () => {
    const dying = world.process('dying')
    const answered: string[] = []
    sim
      .connect(dying)
      .put('o', order())
      .then(
        () => answered.push('put'),
        () => answered.push('failed'),
      )
    dying.crash()
    await world.pass(5_000)
    expect(sim.size).toBe(1)
    expect(answered).toEqual([])
  })

  test('SIM-N31 an order may be delivered to two workers at once, and is done when one of them is', async () => {
    weather({ doubleShare: 1 })
    await work(() => world.delay(100))
    await putAll(1)
    await world.pass(2_000)
    expect(got.sort()).toEqual(['worker-1 o0 1', 'worker-2 o0 1'])
    expect(world.reached.of('order delivered twice')).toBe(1)
    expect(sim.size).toBe(0)
  })

  test('SIM-N31 one of two workers that fails does not bring the order back while the other works on', async () => {
    weather({ doubleShare: 1 })
    await work((_, worker) => (worker === 'worker-1' ? Promise.reject(new Error('no')) : world.delay(300)))
    await putAll(1)
    await world.pass(2_000)
    expect(got).toHaveLength(2)
    expect(sim.size).toBe(0)
  })

  test('SIM-N31 an order whose answer gets lost is delivered again', async () => {
    weather({ ackLostShare: 1 })
    await work()
    await putAll(1)
    await world.pass(contractLimits.ackMs)
    weather({})
    await world.pass(2_000)
    expect(got.map((line) => line.slice('worker-1 '.length))).toEqual(['o0 1', 'o0 2'])
    expect(sim.size).toBe(0)
  })

  test('SIM-N32 the orders of a worker that died go to another', async () => {
    await work((_, worker) => (worker === 'worker-1' ? new Promise(() => {}) : Promise.resolve()))
    await putAll(8)
    await world.pass(contractLimits.ackMs / 2)
    workers[0]?.crash()
    await world.pass(contractLimits.ackMs / 2)
    const [held] = got.filter((line) => line.startsWith('worker-1'))
    expect(got).toContain(`worker-2 ${held?.split(' ')[1]} 2`)
    expect(sim.size).toBe(0)
  })

  test('SIM-N32 a worker that is paused beyond its deadline finds its order done by another, and does it again', async () => {
    await work()
    workers[0]?.pause(5_000)
    await putAll(8)
    await world.pass(4_000)
    expect(sim.size).toBe(0)
    expect(got.filter((line) => line.startsWith('worker-2'))).toHaveLength(8)
    await world.pass(2_000)
    expect(got.filter((line) => line.startsWith('worker-1')).length).toBeGreaterThan(0)
    expect(sim.size).toBe(0)
  })

  test('SIM-N32 an order that is on its way to a worker which closes goes to another', async () => {
    const closing = sim.connect(world.process('closing')).consume(1, async () => void got.push('closing'))
    await world.pass(5)
    weather({ slowShare: 1, slowMs: { fromMs: 50, toMs: 50 } })
    await putAll(1)
    await closing.close()
    await work()
    await world.pass(1_000)
    expect(got).toHaveLength(1)
    expect(got[0]).toMatch(/^worker-. o0 2$/)
  })

  test('SIM-N33 a queue that loses everything forgets what it had, also that it had it', async () => {
    await putAll(3)
    sim.loseEverything()
    expect([sim.size, world.reached.of('order queue lost everything')]).toEqual([0, 1])
    await work()
    await world.pass(3_000)
    expect(got).toEqual([])
    await putAll(3)
    await world.pass(100)
    expect(got).toHaveLength(3)
  })

  test('SIM-N33 an order that waits for its next attempt is lost like the others', async () => {
    await work(() => Promise.reject(new Error('no')))
    await putAll(1)
    await world.pass(20)
    sim.loseEverything()
    await world.pass(2_000)
    expect(got).toHaveLength(1)
  })

  test('SIM-N33 what a worker answers about a lost order changes nothing', async () => {
    await work((delivery) => (delivery.attempt === 1 ? world.delay(200) : Promise.resolve()))
    await putAll(1)
    await world.pass(50)
    sim.loseEverything()
    await putAll(1)
    await world.pass(2_000)
    expect(got).toHaveLength(2)
    expect(sim.size).toBe(0)
  })
})
