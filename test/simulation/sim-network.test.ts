import { beforeEach, describe, expect, test } from 'vitest'
import { busContract } from '../../cluster/bus-contract.ts'
import type { Bus } from '../../cluster/bus.ts'
import { commandsHead } from '../../protocol/frame.ts'
import { SimNetwork } from './sim-network.ts'
import type { SimProcess } from './sim-process.ts'
import { SmallWorld } from './small-world.ts'
import { calmNetwork, type NetworkWeather } from './weather.ts'

/** More than a calm frame takes from one process to another. */
const settleMs = 20

busContract('The simulated network', async () => {
  const world = new SmallWorld()
  const network = new SimNetwork(world, { sentBytesMax: 2 ** 21, keptBytesMax: 2 ** 21 })
  let processes = 0
  return {
    connect: async () => network.connect(world.process(`p${processes++}`)),
    settle: () => world.pass(settleMs),
    knowsAtOnce: false,
    errors: () => world.errors,
    close: async () => {},
  }
})

describe('the simulated network', () => {
  const limits = { sentBytesMax: 2_000, keptBytesMax: 4_000 }
  let world: SmallWorld
  let network: SimNetwork
  let sender: Bus
  let receiver: Bus
  let sending: SimProcess
  let receiving: SimProcess
  let undelivered: number

  beforeEach(() => begin(1))

  function begin(seed: number, weather: Partial<NetworkWeather> = {}): void {
    world = new SmallWorld(seed)
    network = new SimNetwork(world, limits)
    network.weather = { ...calmNetwork, ...weather }
    sending = world.process('sender')
    receiving = world.process('receiver')
    sender = network.connect(sending)
    receiver = network.connect(receiving)
    undelivered = 0
    sender.onUndelivered(() => undelivered++)
  }

  /** The numbers that arrive at the receiver from now on. */
  async function serve(bus = receiver): Promise<number[]> {
    const got: number[] = []
    bus.serve('s', (frame) => void got.push(frame[0] ?? -1))
    await world.pass(settleMs)
    return got
  }

  /** Sends frames numbered `from` to `to`, a ms apart. */
  async function send(from: number, to: number): Promise<void> {
    for (let number = from; number <= to; number++) {
      sender.send('s', Uint8Array.of(number))
      await world.pass(1)
    }
  }

  const numbers = (from: number, to: number): number[] => Array.from({ length: to - from + 1 }, (_, index) => from + index)

  test('SIM-N1 the weather loses frames, about its share of them on each way', async () => {
    const got = await serve()
    network.weather = { ...calmNetwork, lossShare: 0.2 }
    await send(1, 200)
    await world.pass(settleMs)
    expect(got.length).toBeGreaterThan(100)
    expect(got.length).toBeLessThan(156)
    expect(got).toEqual([...got].sort((a, b) => a - b))
    expect(world.reached.of('frame lost')).toBe(200 - got.length)
  })

  test('SIM-N1 the weather doubles frames', async () => {
    const got = await serve()
    network.weather = { ...calmNetwork, doubleShare: 0.2 }
    await send(1, 100)
    await world.pass(2_000)
    expect(new Set(got)).toEqual(new Set(numbers(1, 100)))
    expect(got).toHaveLength(100 + world.reached.of('frame doubled'))
    expect(world.reached.of('frame doubled')).toBeGreaterThan(20)
  })

  test('SIM-N1 the weather lets later frames overtake, and counts those that really were', async () => {
    const got = await serve()
    network.weather = { ...calmNetwork, lateShare: 0.1, lateMs: { fromMs: 10, toMs: 20 } }
    await send(1, 100)
    await world.pass(settleMs)
    await world.pass(100)
    expect(got).not.toEqual(numbers(1, 100))
    expect([...got].sort((a, b) => a - b)).toEqual(numbers(1, 100))
    expect(world.reached.of('frame out of order')).toBeGreaterThan(5)
    expect(world.reached.of('frame lost')).toBe(0)
  })

  test('SIM-N1 two runs of a seed are the same to the byte, and another seed is another run', async () => {
    const run = async (seed: number): Promise<string> => {
      begin(seed, { lossShare: 0.1, doubleShare: 0.1, lateShare: 0.1, delayMs: { fromMs: 0, toMs: 30 } })
      const got = await serve()
      await send(1, 50)
      await world.pass(1_000)
      return `${got.join(' ')} ${world.trace.hash}`
    }
    expect(await run(7)).toBe(await run(7))
    expect(await run(7)).not.toBe(await run(8))
  })

  test.each(['in', 'out', 'both'] as const)(
    'SIM-N2 a partition %s lets frames of that direction vanish, and no other',
    async (direction) => {
      const got = await serve()
      const echoes: number[] = []
      sender.serve('echo', (frame) => void echoes.push(frame[0] ?? -1))
      await world.pass(settleMs)
      network.cut(receiving, direction)
      sender.send('s', Uint8Array.of(1))
      receiver.send('echo', Uint8Array.of(2))
      await world.pass(settleMs)
      expect([got, echoes]).toEqual([direction === 'out' ? [1] : [], direction === 'in' ? [2] : []])
      expect(world.reached.of('partition one way')).toBe(direction === 'both' ? 0 : 1)
      expect(undelivered).toBe(0)
      network.heal(receiving)
      sender.send('s', Uint8Array.of(3))
      await world.pass(settleMs)
      expect(got.at(-1)).toBe(3)
    },
  )

  test('SIM-N2 what is served during a partition becomes known at its end', async () => {
    network.cut(receiving, 'both')
    const got = await serve()
    await send(1, 1)
    await world.pass(settleMs)
    network.healAll()
    await world.pass(settleMs)
    await send(2, 2)
    await world.pass(settleMs)
    expect(got).toEqual([2])
  })

  test('SIM-N3 frames of a clogged link wait and come in a burst, in their order', async () => {
    const got = await serve()
    network.clog(receiving, 500)
    await send(1, 20)
    await world.pass(400)
    expect(got).toEqual([])
    await world.pass(100)
    expect(got).toEqual(numbers(1, 20))
    expect(world.reached.of('clogged link')).toBe(20)
  })

  test('SIM-N4 a process has only so many bytes on their way, and is told', async () => {
    await serve()
    network.clog(sending, 500)
    const results = Array.from({ length: 40 }, () => sender.send('s', new Uint8Array(100)))
    const taken = results.indexOf('full')
    expect(taken).toBeGreaterThan(5)
    expect(taken * 100).toBeLessThan(limits.sentBytesMax)
    expect(world.reached.of('bus full')).toBe(40 - taken)
    await world.pass(600)
    expect(sender.send('s', new Uint8Array(100))).toBe('sent')
  })

  test('SIM-N5 a reconnect discards what is under way and what is sent meanwhile, and serves again afterwards', async () => {
    const got = await serve()
    network.clog(receiving, 50)
    await send(1, 3)
    network.disconnect(receiving, 100)
    await send(4, 5)
    expect(receiver.send('echo', Uint8Array.of(1))).toBe('sent')
    await world.pass(90)
    expect(undelivered).toBe(2)
    await world.pass(100)
    await send(6, 7)
    await world.pass(settleMs)
    expect(got).toEqual([6, 7])
  })

  test('SIM-N6 the hub believes in a dead process for a while, so that frames to it vanish without a word', async () => {
    network.weather = { ...calmNetwork, deathNoticeMs: { fromMs: 100, toMs: 100 } }
    const got = await serve()
    receiving.crash()
    await send(1, 1)
    await world.pass(50)
    expect(undelivered).toBe(0)
    await world.pass(100)
    await send(2, 2)
    await world.pass(settleMs)
    expect(undelivered).toBe(1)
    expect(got).toEqual([])
  })

  test('SIM-N6 what a process sent before it died arrives, but serves nothing any more', async () => {
    const got = await serve()
    network.clog(sending, 500)
    sender.send('s', Uint8Array.of(1))
    sender.serve('echo', () => {})
    sending.crash()
    await world.pass(600)
    expect(got).toEqual([1])
    const told: string[] = []
    receiver.onUndelivered((subject) => void told.push(subject))
    receiver.send('echo', Uint8Array.of(1))
    await world.pass(settleMs)
    expect(told).toEqual(['echo'])
  })

  test('SIM-N7 frames to a paused process wait for it, in their order', async () => {
    const got = await serve()
    receiving.pause(300)
    await send(1, 10)
    await world.pass(200)
    expect(got).toEqual([])
    await world.pass(200)
    expect(got).toEqual(numbers(1, 10))
  })

  test('SIM-N7 a process that takes nothing is thrown out as a slow consumer, and comes back when it wakes up', async () => {
    const got = await serve()
    receiving.pause(1_000)
    await send(1, 80)
    expect(world.reached.of('slow consumer')).toBe(1)
    await world.pass(settleMs)
    expect(undelivered).toBeGreaterThan(10)
    await world.pass(2_000)
    await send(100, 101)
    await world.pass(settleMs)
    expect(got).toEqual([100, 101])
  })

  test('SIM-N8 a frame can be watched as it leaves its process, before anything befalls it', async () => {
    const seen: string[] = []
    network.onSent((process, subject, frame) => void seen.push(`${process.name} ${subject} ${frame.join()}`))
    network.cut(sending, 'both')
    sender.send('s', Uint8Array.of(1, 2))
    expect(seen).toEqual(['sender s 1,2'])
  })

  test('SIM-N8 only commands without a receiver count as such', async () => {
    sender.send('sluice.gw.old', Uint8Array.of(1, 2))
    sender.send('sluice.inv.1', commandsHead('sluice.gw.a'))
    await world.pass(settleMs)
    expect(world.reached.of('no responders')).toBe(1)
    expect(undelivered).toBe(2)
  })

  test('SIM-N8 a handler that keeps a frame without a copy is found out', async () => {
    let kept: Uint8Array | undefined
    receiver.serve('s', (frame) => {
      kept = frame
    })
    await world.pass(settleMs)
    await send(1, 1)
    await world.pass(settleMs)
    expect(kept).toEqual(Uint8Array.of(0xff))
  })
})
