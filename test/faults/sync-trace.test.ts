import { once } from 'node:events'
import { createReadStream, mkdtempSync, rmSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { afterEach, expect, test, type TestContext } from 'vitest'
import { decodeMessage, writeRequest } from '../../protocol/envelope.ts'
import { MsgpackWriter } from '../../protocol/msgpack-writer.ts'
import { StreamSplitter } from '../../protocol/stream-splitter.ts'
import { RunningNode } from '../running-node.ts'
import { syncedImageCalls } from '../synced-image.ts'
import { cannotTrace } from '../traced-process.ts'
import { type CommitOrder, TracedCommits } from './commit-order.ts'

const untraceable = cannotTrace()
const alone = 15
const batches = 4
const perBatch = 100
const answersMax = 1024 * 1024
const cleanups: (() => Promise<void> | void)[] = []

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup()
})

/** The user of the call with this msgid, whose name stands in the journal's record and nowhere else. */
function userOf(msgid: number): string {
  return `traced-${msgid}-buyer`
}

/** Buys one by one and then many at once from a node under strace; the order of things behind each answer, by msgid. */
async function tracedBuys(context: TestContext, durability: string): Promise<ReadonlyMap<number, CommitOrder>> {
  if (untraceable !== undefined) return context.skip(untraceable)
  const folder = mkdtempSync(join(tmpdir(), 'sluice-strace-'))
  cleanups.push(() => rmSync(folder, { recursive: true }))
  const trace = join(folder, 'trace')
  // -D keeps the node a child of this process, so that signals reach it and not the tracer.
  const strace = [
    'strace',
    '-D',
    '-f',
    '--seccomp-bpf',
    '-qq',
    '-xx',
    '-s',
    '16777216',
    '-e',
    `trace=${syncedImageCalls},accept4`,
    '-o',
    trace,
  ]
  const node = await RunningNode.start({ under: strace, settings: { shards: 1, durability } })
  cleanups.push(() => node.stop())
  await node.createSku('lamp', { stock: alone + 100, lineMax: 10_000 })
  const buyer = await Buyer.connect(node.ports.rpc)
  for (let i = 0; i < alone; i++) await buyer.buy(1)
  for (let i = 0; i < batches; i++) await buyer.buy(perBatch)
  buyer.close()
  await node.terminate()

  const orders = new Map<number, CommitOrder>()
  const commits = new TracedCommits('/data.mdb', (sent, orderOf) => {
    for (const msgid of answersIn(sent)) orders.set(msgid, orderOf(userOf(msgid)))
  })
  for await (const line of createInterface({ input: createReadStream(trace) })) commits.line(line)
  return orders
}

/** Every write to a socket holds whole answers. Other connections' messages have other shapes or other msgids. */
function answersIn(sent: Uint8Array): number[] {
  const msgids: number[] = []
  new StreamSplitter(answersMax).feed(sent, (bytes, from, to) => {
    const message = decodeMessage(bytes, from, to)
    const result = message.kind === 'response' ? message.result : null
    const isClaim = typeof result === 'object' && result !== null && ('hold' in result || 'ticket' in result)
    if (message.kind === 'response' && isClaim) msgids.push(message.msgid)
  })
  return msgids
}

/** A client whose calls bear the msgids that the trace is searched for. */
class Buyer {
  private readonly socket: Socket
  private readonly waiting = new Set<number>()
  private last = 0
  private woken: () => void = () => {}

  private constructor(socket: Socket) {
    this.socket = socket
    const splitter = new StreamSplitter(answersMax)
    socket.on('data', (chunk) => {
      splitter.feed(chunk, (bytes, from, to) => {
        const message = decodeMessage(bytes, from, to)
        if (message.kind !== 'response' || message.error !== null) throw new Error('a buy was refused')
        this.waiting.delete(message.msgid)
      })
      if (this.waiting.size === 0) this.woken()
    })
  }

  static async connect(port: number): Promise<Buyer> {
    const socket = connect(port, '127.0.0.1')
    await once(socket, 'connect')
    return new Buyer(socket)
  }

  /** So many at once; resolves when all are answered. */
  async buy(count: number): Promise<void> {
    const writer = new MsgpackWriter()
    for (let i = 0; i < count; i++) {
      this.waiting.add(++this.last)
      writeRequest(writer, this.last, 'buy', [userOf(this.last), 'lamp', 1, `r${this.last}`])
    }
    const answered = new Promise<void>((resolve) => {
      this.woken = resolve
    })
    this.socket.write(writer.bytes.slice(0, writer.length))
    await answered
  }

  close(): void {
    this.socket.destroy()
  }
}

const wellOrdered: CommitOrder = { pages: true, synced: true, root: true, rootSynced: true }

test('KILL-7 between the write of a record and its answers lie a sync of its pages and a synced write of the root that makes them count', async (context) => {
  const orders = await tracedBuys(context, 'fsync')
  expect([...orders.keys()].toSorted((a, b) => a - b)).toEqual(Array.from({ length: alone + batches * perBatch }, (_, i) => i + 1))
  for (const [msgid, order] of orders) expect({ msgid, ...order }).toEqual({ msgid, ...wellOrdered })
})

test('KILL-8 with everysec answers leave before their root is synced, which the same trace shows', async (context) => {
  const orders = await tracedBuys(context, 'everysec')
  expect(orders.size).toBe(alone + batches * perBatch)
  const unsynced = [...orders.values()].filter((order) => !order.rootSynced)
  expect(unsynced.length).toBeGreaterThan(orders.size / 2)
  for (const order of orders.values()) expect(order).toMatchObject({ pages: true, synced: true, root: true })
})
