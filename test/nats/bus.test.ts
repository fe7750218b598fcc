import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { NatsServer } from '../../bench/servers/nats-server.ts'
import { TempFolder } from '../../bench/servers/temp-folder.ts'
import { Calls } from '../../cluster/calls.ts'
import { NatsBus, type NatsBusLimits, natsBusLimits } from '../../cluster/nats-bus.ts'
import type { NatsOptions } from '../../cluster/nats-options.ts'
import type { World } from '../../cluster/world.ts'
import { op } from '../../protocol/entry.ts'
import { frameBytesMax } from '../../protocol/frame.ts'
import { publicSubject, replySubject, shardSubject } from '../../protocol/subject.ts'
import { makeCertificates } from '../certificates.ts'
import { freePorts } from '../free-ports.ts'
import { type RecordedWorld, recordedWorld } from '../recorded-world.ts'
import { StallingProxy } from '../stalling-proxy.ts'
import { RawSubscriber } from './raw-subscriber.ts'
import { settle } from './settle.ts'

const soon = { timeout: 20_000, interval: 2 }
const commands = shardSubject('inv', 1)
const answers = replySubject('boot1')
const broadcasts = publicSubject(1)

let nats: NatsServer
let world: RecordedWorld
let buses: NatsBus[]

beforeEach(async () => {
  const [port = 0] = await freePorts(1)
  nats = await NatsServer.start({ port, settings: { write_deadline: '"2s"', max_pending: '4MB' } })
  world = recordedWorld()
  buses = []
})
afterEach(async () => {
  await Promise.all(buses.map((bus) => bus.close()))
  await nats.stop()
})

async function connect(limits: Partial<NatsBusLimits> = {}, options: Partial<NatsOptions> = {}): Promise<NatsBus> {
  const bus = await NatsBus.connect({ servers: [nats.url], name: 'test', world, ...options }, { ...natsBusLimits, ...limits })
  buses.push(bus)
  return bus
}

test('NAT-1 without a server it waits, says so once, and connects when it comes', async () => {
  await nats.halt()
  let draws = 0
  const random = { ...world.random, next: () => ((draws += 1), world.random.next()) }
  const connecting = connect({}, { world: { ...world, random } })
  // Each try draws at which server and how long to wait.
  await vi.waitUntil(() => draws > 6, soon)
  await nats.resume()
  const bus = await connecting
  expect(world.texts('warn')).toEqual([`NATS at ${nats.url} does not answer: connection refused; waiting for it`])
  expect(world.texts('info')).toEqual([`connected to NATS at ${nats.url}`])
  expect(bus.send(commands, Buffer.from('a'))).toBe('sent')
})

test('NAT-1 the wait ends when it is told to', async () => {
  await nats.halt()
  const stop = new AbortController()
  const connecting = connect({}, { signal: stop.signal })
  await vi.waitUntil(() => world.logged.length > 0, soon)
  stop.abort(new Error('stopped'))
  await expect(connecting).rejects.toThrow('stopped')
})

test('NAT-2 it goes on to another server of the list', async () => {
  const [port = 0] = await freePorts(1)
  const bus = await connect({}, { servers: [`nats://127.0.0.1:${port}`, nats.url] })
  expect(bus.send(commands, Buffer.from('a'))).toBe('sent')
  expect(world.logged).toEqual([])
})

test('NAT-4 a restart of the server under traffic loses what was under way and nothing else, and repeats nothing', async () => {
  const [sender, receiver] = [await connect(), await connect()]
  const got = new Map<string, number[]>()
  for (const subject of [commands, answers, broadcasts]) {
    const numbers: number[] = []
    got.set(subject, numbers)
    receiver.serve(subject, (frame) => numbers.push(Buffer.from(frame).readUInt32LE()))
  }
  await settle(buses)
  const refused = new Set<number>()
  let number = 0
  const sendAll = (): boolean => {
    const frame = Buffer.alloc(100)
    frame.writeUInt32LE(++number)
    for (const subject of got.keys()) if (sender.send(subject, frame) !== 'sent') refused.add(number)
    return true
  }
  await vi.waitUntil(() => sendAll() && number > 100, soon)
  await nats.halt()
  await vi.waitUntil(() => sendAll() && refused.size > 20, soon)
  await nats.resume()
  const again = number
  await vi.waitUntil(() => sendAll() && [...got.values()].every((numbers) => (numbers.at(-1) ?? 0) > again + 100), soon)
  for (const numbers of got.values()) {
    expect(numbers).toEqual([...new Set(numbers)].toSorted((a, b) => a - b))
    expect(numbers.slice(0, 50)).toEqual(Array.from({ length: 50 }, (_, index) => index + 1))
  }
  expect(world.texts('error')).toEqual([])
})

test('NAT-4 what is refused while the server is away never arrives', async () => {
  const [sender, receiver] = [await connect(), await connect()]
  const texts: string[] = []
  receiver.serve(commands, (frame) => texts.push(Buffer.from(frame).toString()))
  await settle(buses)
  await nats.halt()
  await vi.waitUntil(() => sender.send(commands, Buffer.from('lost')) === 'full', soon)
  texts.length = 0
  await nats.resume()
  await vi.waitUntil(() => (sender.send(commands, Buffer.from('new')), texts.length > 0), soon)
  expect(new Set(texts)).toEqual(new Set(['new']))
})

test('NAT-4 so it is over TLS', async () => {
  const folder = new TempFolder('nats-test')
  const { caFile, ...tls } = makeCertificates(folder.path)
  const [port = 0] = await freePorts(1)
  const secure = await NatsServer.start({ port, tls })
  try {
    const bus = await connect({}, { servers: [secure.url], tls: { caFile } })
    let got = 0
    bus.serve(commands, () => void got++)
    await secure.halt()
    await vi.waitUntil(() => bus.send(commands, new Uint8Array(10_000)) === 'full', soon)
    await secure.resume()
    await vi.waitUntil(() => (bus.send(commands, new Uint8Array(10_000)), got > 0), soon)
    expect(world.texts('error')).toEqual([])
  } finally {
    await secure.stop()
    await folder.remove()
  }
})

test('NAT-2 it leaves a server that is about to stop, while that still runs', async () => {
  const [port = 0] = await freePorts(1)
  const other = `nats://127.0.0.1:${port}`
  const bus = await connect({}, { servers: [nats.url, other] })
  expect(world.logged).toEqual([])
  const second = await NatsServer.start({ port })
  try {
    nats.signal('SIGUSR2')
    await vi.waitUntil(() => world.texts('info').filter((text) => text === `connected to NATS at ${other}`).length === 3, soon)
    expect(bus.send(commands, new Uint8Array(1))).toBe('sent')
    const reasons = world.logged.filter(({ level }) => level === 'warn').map(({ fields }) => fields['reason'])
    expect(reasons).toEqual(Array.from({ length: 3 }, () => 'the server is about to stop'))
  } finally {
    // It would take its time.
    nats.signal('SIGKILL')
    await second.stop()
  }
})

test('NAT-5 a link that says nothing more is given up, also with much that waits to be written', async () => {
  const proxy = await StallingProxy.start(nats.port)
  try {
    const bus = await connect({}, { servers: [`nats://127.0.0.1:${proxy.port}`] })
    proxy.stall()
    const frame = new Uint8Array(100_000)
    while (bus.send(commands, frame) === 'sent');
    proxy.resumeForNewcomers()
    await vi.waitUntil(() => bus.send(commands, frame) === 'sent', soon)
    expect(world.texts('warn')).toContain('the connection to NATS is lost; connecting again')
  } finally {
    await proxy.close()
  }
})

test('NAT-6 frames beyond what may be under way are refused, and taken again when the server has caught up', async () => {
  const [sender, receiver] = [await connect({ underWayBytesMax: 1_000_000 }), await connect()]
  const frame = new Uint8Array(10_000)
  let got = 0
  receiver.serve(commands, () => void got++)
  await settle(buses)
  nats.signal('SIGSTOP')
  let sent = 0
  while (sent < 200 && sender.send(commands, frame) === 'sent') sent++
  expect(sent).toBeGreaterThan(90)
  expect(sent).toBeLessThanOrEqual(100)
  expect([answers, broadcasts].map((subject) => sender.send(subject, frame))).toEqual(['sent', 'sent'])
  nats.signal('SIGCONT')
  await vi.waitUntil(() => sender.send(commands, frame) === 'sent', soon)
  await settle(buses)
  expect(got).toBe(sent + 1)
})

test('NAT-7 each frame of commands that nobody serves is told of, in its order, and no other', async () => {
  const [sender, owner] = [await connect(), await connect()]
  const undelivered: string[] = []
  const got: string[] = []
  sender.onUndelivered((subject, frame) => undelivered.push(`${subject} ${Buffer.from(frame).toString()}`))
  const served = owner.serve(commands, (frame) => got.push(Buffer.from(frame).toString()))
  await settle(buses)
  const sendTen = (from: number): void => {
    for (let index = from; index < from + 10; index++) sender.send(commands, Buffer.from(String(index)))
  }
  sendTen(0)
  await settle(buses)
  served.close()
  await settle(buses)
  sendTen(10)
  sender.send(answers, Buffer.from('an answer'))
  sender.send(broadcasts, Buffer.from('a broadcast'))
  await settle(buses)
  owner.serve(commands, (frame) => got.push(Buffer.from(frame).toString()))
  await settle(buses)
  sendTen(20)
  await settle(buses)
  const numbers = (from: number): string[] => Array.from({ length: 10 }, (_, index) => String(from + index))
  expect(got).toEqual([...numbers(0), ...numbers(20)])
  expect(undelivered).toEqual(numbers(10).map((text) => `${commands} ${text}`))
})

test('NAT-16 what the server has sent before it learns that a subject is not served any more goes to whoever wants it, and nothing after', async () => {
  const [sender, owner] = [await connect(), await connect()]
  const got: string[] = []
  const late: string[] = []
  const undelivered: string[] = []
  sender.onUndelivered((_, frame) => undelivered.push(Buffer.from(frame).toString()))
  let ended = false
  const served = owner.serve(commands, (frame) => {
    got.push(Buffer.from(frame).toString())
    if (got.length < 10 || ended) return
    ended = true
    served.close((one) => late.push(Buffer.from(one).toString()))
  })
  await settle(buses)
  for (let index = 0; index < 20; index++) sender.send(commands, Buffer.from(String(index)))
  await settle(buses)
  sender.send(commands, Buffer.from('after'))
  await settle(buses)
  expect([...got, ...late]).toEqual(Array.from({ length: 20 }, (_, index) => String(index)))
  expect([got.length, undelivered]).toEqual([10, ['after']])
})

test('NAT-7 what was not handed to the connection before it was lost is known not to have been received', async () => {
  const held: (() => void)[] = []
  const { timers: real } = world
  const timers: World['timers'] = {
    after: (ms, run) => real.after(ms, run),
    every: (ms, run) => real.every(ms, run),
    soon: (run) => void held.push(run),
    catchUp: () => {},
  }
  const sender = await connect({}, { world: { ...world, timers } })
  const undelivered: string[] = []
  sender.onUndelivered((_, frame) => undelivered.push(Buffer.from(frame).toString()))
  sender.send(commands, Buffer.from('a'))
  sender.send(commands, Buffer.from('b'))
  await nats.halt()
  await vi.waitUntil(() => undelivered.length > 0, soon)
  for (const run of held) run()
  expect(undelivered).toEqual(['a', 'b'])
})

test('NAT-7 calls leave alone what other calls on the same bus sent in vain', async () => {
  const bus = await connect()
  const callsOf = (node: string): Calls => new Calls({ bus, world, node, shards: 1, limits: { pendingMax: 8, callDeadlineMs: 10_000 } })
  const [ours, others] = [callsOf('boot1'), callsOf('boot2')]
  ours.sendCommand('inv', 0, { op: op.status }, 77, 9, 4, 3)
  await vi.waitUntil(() => ours.resent > 1, soon)
  expect(others.resent).toBe(0)
  ours.close()
  others.close()
})

test('NAT-8 a subscriber that does not read is cut off, and commands, answers and other subscribers do not feel it', async () => {
  const [sender, receiver] = [await connect(), await connect()]
  const slow = await RawSubscriber.connect(nats.port, broadcasts)
  const got = { commands: 0, answers: 0, broadcasts: 0 }
  receiver.serve(commands, () => void got.commands++)
  receiver.serve(answers, () => void got.answers++)
  receiver.serve(broadcasts, () => void got.broadcasts++)
  await settle(buses)
  const frame = new Uint8Array(200_000)
  let sent = 0
  const round = (): boolean => {
    const results = [sender.send(commands, Buffer.from('a')), sender.send(answers, Buffer.from('a'))]
    expect(results).toEqual(['sent', 'sent'])
    if (sender.send(broadcasts, frame) === 'sent') sent++
    return true
  }
  slow.pause()
  await vi.waitUntil(() => round() && slow.isCutOff(), soon)
  await settle(buses)
  expect(got.broadcasts).toBe(sent)
  expect(got.commands).toBe(got.answers)
  expect(got.commands).toBeGreaterThanOrEqual(sent)
})

test('NAT-9 two gateways hear the same broadcasts in the same order', async () => {
  const [shard, ...gateways] = [await connect(), await connect(), await connect()]
  const heard = gateways.map((gateway) => {
    const texts: string[] = []
    gateway.serve(broadcasts, (frame) => texts.push(Buffer.from(frame).toString()))
    return texts
  })
  await settle(buses)
  for (let tick = 0; tick < 100; tick++) {
    shard.send(broadcasts, Buffer.from(`tick ${tick}`))
    if (tick % 10 === 0) await settle(buses)
  }
  await settle(buses)
  const all = Array.from({ length: 100 }, (_, tick) => `tick ${tick}`)
  expect(heard).toEqual([all, all])
})

test('NAT-10 each sender keeps its order, with frames of all sizes, while others send between', async () => {
  const receiver = await connect()
  const senders = [await connect(), await connect()]
  const got: (readonly [number, number])[] = []
  receiver.serve(answers, (frame) => {
    const bytes = Buffer.from(frame)
    got.push([bytes[0] ?? 0, bytes.readUInt32LE(1)])
  })
  await settle(buses)
  const sizes = [5, 100, 1_000, 70_000, 5, 300_000, 64 * 1024 - 5]
  for (let index = 0; index < 200; index++) {
    senders.forEach((sender, which) => {
      const frame = Buffer.alloc(sizes[(index + which) % sizes.length] ?? 5)
      frame[0] = which
      frame.writeUInt32LE(index, 1)
      expect(sender.send(answers, frame)).toBe('sent')
    })
    if (index % 20 === 0) await settle(buses)
  }
  await settle(buses)
  const ofSender = (which: number): number[] => got.filter(([from]) => from === which).map(([, index]) => index)
  const all = Array.from({ length: 200 }, (_, index) => index)
  expect([ofSender(0), ofSender(1)]).toEqual([all, all])
})

test.each([commands, answers, broadcasts])('NAT-11 the largest frame passes on %s, a larger one is a bug', async (subject) => {
  const [sender, receiver] = [await connect(), await connect()]
  const lengths: number[] = []
  receiver.serve(subject, (frame) => lengths.push(frame.length))
  await settle(buses)
  expect(sender.send(subject, new Uint8Array(frameBytesMax))).toBe('sent')
  expect(() => sender.send(subject, new Uint8Array(frameBytesMax + 1))).toThrow(RangeError)
  await settle(buses)
  expect(lengths).toEqual([frameBytesMax])
})

test('NAT-12 what one turn of the event loop sends to a subject shares a message, up to a size', async () => {
  const bus = await connect()
  const messages = (): number => figuresOf(bus)['sluice_bus_messages_total answers'] ?? 0
  for (let index = 0; index < 100; index++) bus.send(answers, new Uint8Array(100))
  await settle(buses)
  expect(messages()).toBe(1)
  for (let index = 0; index < 100; index++) bus.send(answers, new Uint8Array(10_000))
  await settle(buses)
  expect(messages()).toBe(1 + Math.ceil(100 / 6))
})

test('NAT-13 closing lets out what was sent', async () => {
  const [sender, receiver] = [await connect(), await connect()]
  let got = 0
  receiver.serve(answers, () => void got++)
  await settle(buses)
  for (let index = 0; index < 50; index++) sender.send(answers, new Uint8Array(100_000))
  await sender.close()
  await settle([receiver])
  expect(got).toBe(50)
  expect(sender.send(answers, new Uint8Array(1))).toBe('full')
})

test('NAT-13 closing does not wait for a server that is away', async () => {
  const bus = await connect({ closeMs: 2 ** 31 - 1 })
  await nats.halt()
  await expect(bus.close()).resolves.toBe(undefined)
})

test('NAT-13 a flush ends when its connection is lost', async () => {
  const bus = await connect()
  nats.signal('SIGSTOP')
  const flushed = bus.flushed(2 ** 31 - 1)
  nats.signal('SIGKILL')
  expect(await flushed).toBe(false)
  expect(await bus.flushed(2 ** 31 - 1)).toBe(false)
})

test('NAT-14 its figures tell of each lane what went out, what was refused and what was lost', async () => {
  const bus = await connect()
  bus.send(commands, new Uint8Array(10))
  bus.send(broadcasts, new Uint8Array(20))
  await settle(buses)
  expect(figuresOf(bus)).toMatchObject({
    'sluice_bus_frames_total commands': 1,
    'sluice_bus_bytes_total broadcasts': 20,
    sluice_bus_undelivered_total: 1,
    'sluice_bus_connected answers': 1,
    'sluice_bus_under_way_bytes commands': 0,
  })
  await nats.halt()
  await vi.waitUntil(() => figuresOf(bus)['sluice_bus_connected commands'] === 0, soon)
  bus.send(commands, new Uint8Array(10))
  expect(figuresOf(bus)).toMatchObject({ 'sluice_bus_full_total commands': 1, 'sluice_bus_reconnects_total commands': 1 })
})

test('NAT-15 a message that is none of ours is told of and left out', async () => {
  const receiver = await connect()
  const texts: string[] = []
  receiver.serve(broadcasts, (frame) => texts.push(Buffer.from(frame).toString()))
  await settle(buses)
  const stranger = await RawSubscriber.connect(nats.port, 'nothing')
  await stranger.publish(broadcasts, 'hello')
  receiver.send(broadcasts, Buffer.from('ours'))
  await vi.waitUntil(() => texts.length > 0, soon)
  expect(texts).toEqual(['ours'])
  expect(world.texts('error')).toEqual(['a message of the bus cannot be read; it is lost'])
  stranger.close()
})

function figuresOf(bus: NatsBus): Record<string, number> {
  const figures: Record<string, number> = {}
  const note = (name: string, _: string, value: number, labels: Readonly<Record<string, string>> = {}): void => {
    figures[[name, ...Object.values(labels)].join(' ')] = value
  }
  bus.collect({ counter: note, gauge: note, histogram: () => {}, summary: () => {} })
  return figures
}
