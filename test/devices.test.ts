import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { z } from 'zod'
import type { RpcClient } from '../protocol/client/rpc-client.ts'
import { connectSocket, type SocketClient } from '../protocol/client/socket-client.ts'
import type { Plain } from '../protocol/msgpack-writer.ts'
import { RawSocket, RawTcp } from './raw-connections.ts'
import { RunningNode } from './running-node.ts'

const patience = { timeout: 15_000, interval: 20 }

let node: RunningNode
let operator: RpcClient
const open: { close(): void }[] = []

beforeAll(async () => {
  node = await RunningNode.start({
    settings: { shards: 4, tickMs: 20, simulatedDelayMs: 50, userBurst: 1_000, userRatePerSecond: 1_000, drainSeconds: 1 },
  })
  operator = node.operator()
})
afterEach(() => {
  for (const one of open.splice(0)) one.close()
})
afterAll(async () => {
  operator.close()
  await node.stop()
})

test('SYS-20 one request has one outcome over every transport, over reconnects and over a crash', async () => {
  await node.createSku('lamp', { stock: 100, perUserMax: 5 })
  const [byRpc, bySocket, byText] = [await rpc(), await socket('anna'), await socket('anna', true)]
  const answers = [
    await byRpc.call('buy', ['anna', 'lamp', 2, 'request-1']),
    await bySocket.call('buy', ['lamp', 2, 'request-1']),
    await byText.call('buy', ['lamp', 2, 'request-1']),
    await (await socket('anna')).call('buy', ['lamp', 2, 'request-1']),
  ]
  const hold = answers[0]?.result
  expect(hold).toMatchObject({ state: 'held', qty: 2 })
  expect(answers.map((answer) => answer?.result)).toEqual([hold, hold, hold, hold])
  expect(await http('anna', 'buy', ['lamp', 2, 'request-1'])).toEqual({ result: hold })
  await node.kill()
  await node.restart()
  const again = await (await rpc()).call('buy', ['anna', 'lamp', 2, 'request-1'])
  expect(again?.result).toMatchObject({ state: 'held', qty: 2, hold: fieldOf(hold, 'hold') })
  await expect.poll(() => operator.skuStatus('lamp'), patience).toMatchObject({ available: 98, held: 2 })
})

test('SYS-20 copies of one call that come all at once on many connections make one claim', async () => {
  await node.createSku('rug', { stock: 3, perUserMax: 3 })
  const sockets = await Promise.all(Array.from({ length: 10 }, (_, n) => socket('anna', n % 2 === 0)))
  const answers = await Promise.all(sockets.flatMap((one) => [one.call('buy', ['rug', 1, 'same']), one.call('buy', ['rug', 1])]))
  expect(new Set(answers.map((answer) => fieldOf(answer?.result ?? null, 'hold'))).size).toBe(1)
  expect(await operator.skuStatus('rug')).toMatchObject({ available: 2, held: 1 })
})

test('SYS-21 a second device sees what the first one has, does, gets and gives up', async () => {
  await node.createSku('vase', { stock: 1 })
  const holder = await shopper('holder')
  await holder.buy('vase')
  const [phone, laptop] = [await shopper('cleo'), await shopper('cleo')]
  const seen = eventsOf(laptop)
  expect(await phone.buy('vase')).toMatchObject({ state: 'queued', ahead: 0 })
  await expect.poll(() => seen, patience).toEqual([['line', 0]])
  await holder.leave('vase')
  await expect
    .poll(() => seen, patience)
    .toEqual([
      ['line', 0],
      ['held', 1],
    ])
  expect(await laptop.claim('vase')).toMatchObject({ state: 'held' })
  await laptop.checkout('vase', 'tok_ok')
  await expect
    .poll(() => seen, patience)
    .toEqual([
      ['line', 0],
      ['held', 1],
      ['order', 'paid'],
    ])
  const third = await shopper('cleo')
  expect(await third.resume()).toMatchObject([{ sku: 'vase', state: 'paid' }])
})

test('SYS-21 a hold that is let go on one device, by HTTP or by a service, is gone on all', async () => {
  await node.createSku('bowl', { stock: 10 })
  const [phone, laptop] = [await shopper('dora'), await shopper('dora')]
  const seen = [eventsOf(phone), eventsOf(laptop)]
  await phone.buy('bowl')
  await phone.leave('bowl')
  await http('dora', 'buy', ['bowl'])
  await http('dora', 'leave', ['bowl'])
  const service = await rpc()
  await service.call('buy', ['dora', 'bowl'])
  await service.call('leave', ['dora', 'bowl'])
  const byOthers = [
    ['held', 1],
    ['left', 0],
    ['held', 1],
    ['left', 0],
  ]
  await expect.poll(() => seen, patience).toEqual([byOthers, [['held', 1], ['left', 0], ...byOthers]])
})

test('SYS-22 what a waiting user is told of the place never rises, over reconnects and a crash', async () => {
  await node.createSku('sofa', { stock: 1, holdTtlMs: 600_000 })
  const service = await rpc()
  const crowd = Array.from({ length: 60 }, (_, n) => `crowd-${n}`)
  for (const user of crowd) await service.call('buy', [user, 'sofa'])
  const places: number[] = []
  // What a new device is told: what is under way to another one meanwhile may be older.
  const toldOthers: number[] = []
  const anna = connectSocket({ url: node.socketUrl, token: () => node.tokenOf('anna'), WebSocket })
  open.push(anna)
  anna.on('line', (event) => places.push(event.ahead))
  anna.on('resumed', ({ claims }) => {
    for (const claim of claims) if (claim.state === 'queued' && claim.sku === 'sofa') places.push(claim.ahead)
  })
  const first = await anna.buy('sofa')
  expect(first).toMatchObject({ state: 'queued', ahead: 59 })
  for (const [n, user] of crowd.slice(1, 50).entries()) {
    if (n === 25) {
      await node.kill()
      await node.restart()
    }
    await (await rpc()).call('leave', [user, 'sofa'])
    if (n % 10 === 5) {
      const device = await socket('anna')
      const resumed = await device.call('resume', [])
      for (const claim of listOf(resumed?.result, 'claims'))
        if (fieldOf(claim, 'sku') === 'sofa') toldOthers.push(Number(fieldOf(claim, 'ahead')))
    }
  }
  await expect.poll(() => places.at(-1), patience).toBe(10)
  for (const told of [places, toldOthers]) expect(told).toEqual(told.toSorted((a, b) => b - a))
  expect(toldOthers).toHaveLength(5)
})

test('SYS-23 a line that is full and a limit that is reached say so', async () => {
  await node.createSku('cup', { stock: 1, lineMax: 2 })
  const service = await rpc()
  const answers: unknown[] = []
  for (const user of ['a', 'b', 'c', 'd']) answers.push(await service.call('buy', [user, 'cup']))
  expect(answers).toMatchObject([
    { result: { state: 'held' } },
    { result: { state: 'queued', ahead: 0 } },
    { result: { state: 'queued', ahead: 1 } },
    { error: { code: 'LINE_FULL', retryAfterMs: 5_000 } },
  ])
  await service.call('leave', ['b', 'cup'])
  expect(await service.call('buy', ['d', 'cup'])).toMatchObject({ result: { state: 'queued', ahead: 1 } })
})

test("SYS-24 an order is its user's alone, on every transport", async () => {
  await node.createSku('ring', { stock: 2 })
  const anna = await shopper('anna')
  await anna.buy('ring')
  const { order } = await anna.checkout('ring', 'tok_ok')
  const [byRpc, bySocket, byText] = [await rpc(), await socket('ben'), await socket('ben', true)]
  const denied = { error: { code: 'UNKNOWN_ORDER' } }
  expect(await byRpc.call('order.get', ['ben', order])).toMatchObject(denied)
  expect(await bySocket.call('order.get', [order])).toMatchObject(denied)
  expect(await byText.call('order.get', [order])).toMatchObject(denied)
  expect(await http('ben', 'order.get', [order])).toMatchObject(denied)
  expect(await http('anna', 'order.get', [order])).toMatchObject({ result: { order } })
  expect(await http('ben', 'order.list', [])).toEqual({ result: [] })
  expect(await (await rpc()).call('order.get', ['anna', 'ring:zz9999:1'])).toMatchObject(denied)
})

test('SYS-25 whoever watches a SKU is told when its sale pauses, goes on and ends, and holds keep their time', async () => {
  await node.createSku('desk', { stock: 5, holdTtlMs: 60_000 })
  const anna = await shopper('anna')
  const sales: string[] = []
  anna.on('sale', (sale) => {
    // Whoever watches at once may still hear that it has just opened.
    if (sales.length > 0 || sale.state !== 'open') sales.push(sale.state)
  })
  await anna.watch('desk')
  const hold = await anna.buy('desk')
  const told: number[] = []
  anna.on('held', (event) => told.push(event.expiresAt))
  await operator.salePause('desk')
  await expect.poll(() => sales, patience).toEqual(['paused'])
  await operator.saleResume('desk')
  await expect.poll(() => sales, patience).toEqual(['paused', 'open'])
  const after = await anna.claim('desk')
  expect(hold.state === 'held' && after.state === 'held' && after.expiresAt > hold.expiresAt).toBe(true)
  await expect.poll(() => told.at(-1), patience).toBe(after.state === 'held' ? after.expiresAt : 0)
  await operator.saleClose('desk')
  await expect.poll(() => sales, patience).toEqual(['paused', 'open', 'over'])
})

test('SYS-26 a sale opens by itself at its time, and whoever came early is told when', async () => {
  const opensAt = Date.now() + 1_500
  await node.createSku('coat', { stock: 1 }, opensAt)
  const early = await socket('anna')
  const refused = await early.call('buy', ['coat'])
  expect(refused).toMatchObject({ error: { code: 'NOT_OPEN' } })
  expect(refused?.error?.retryAfterMs).toBeLessThanOrEqual(1_500)
  await early.call('watch', ['coat'])
  expect(await early.event('sale', (sale) => fieldOf(sale, 'state') === 'open')).toMatchObject({ sale: 'coat' })
  expect(await early.call('buy', ['coat'])).toMatchObject({ result: { state: 'held' } })
})

test('SYS-27 a token that expires ends its socket, and the calls on it', async () => {
  const short = await RawSocket.open(node.socketUrl, { token: node.tokenOf('anna', 2) })
  open.push(short)
  expect(await short.call('resume', [])).toMatchObject({ error: null })
  expect(await short.ended()).toBe(4401)
})

test('SYS-28 a node that is asked to stop tells everyone, answers what is under way, and ends', async () => {
  const other = await RunningNode.start({ settings: { shards: 2, drainSeconds: 1, simulatedDelayMs: 0 } })
  try {
    await other.createSku('lamp', { stock: 1_000 })
    const anna = await RawSocket.open(other.socketUrl, { token: other.tokenOf('anna') })
    const service = await RawTcp.open(other.ports.rpc)
    await service.call('ping', [])
    const ended = other.terminate()
    expect(await anna.event('drain')).toEqual({ withinMs: 1_000 })
    expect(await service.heard.wait((message) => message.kind === 'notification')).toMatchObject({ method: 'drain' })
    expect(await anna.call('buy', ['lamp'])).toMatchObject({ result: { state: 'held' } })
    expect(await anna.ended()).toBeGreaterThan(0)
    await service.ended()
    expect(await ended).toMatchObject({ code: 0, err: '' })
    await other.restart()
    expect(await (await RawTcp.open(other.ports.rpc)).call('claim', ['anna', 'lamp'])).toMatchObject({ result: { state: 'held' } })
  } finally {
    await other.stop()
  }
})

async function rpc(): Promise<RawTcp> {
  const connection = await RawTcp.open(node.ports.rpc)
  open.push(connection)
  return connection
}

async function socket(user: string, json = false): Promise<RawSocket> {
  const connection = await RawSocket.open(node.socketUrl, { token: node.tokenOf(user), json })
  open.push(connection)
  return connection
}

/** A user's client, once its events flow. */
async function shopper(user: string): Promise<SocketClient> {
  const client = connectSocket({ url: node.socketUrl, token: node.tokenOf(user), WebSocket })
  open.push(client)
  await new Promise<void>((resolve) => {
    client.on('resumed', () => resolve())
  })
  return client
}

/** What a client is told about its own claims, from now on. */
function eventsOf(client: SocketClient): (readonly [string, unknown])[] {
  const seen: (readonly [string, unknown])[] = []
  client.on('line', ({ ahead }) => seen.push(['line', ahead]))
  client.on('held', ({ qty }) => seen.push(['held', qty]))
  client.on('left', () => seen.push(['left', 0]))
  client.on('expired', () => seen.push(['expired', 0]))
  client.on('order', ({ state }) => seen.push(['order', state]))
  return seen
}

async function http(user: string, method: string, params: readonly Plain[]): Promise<unknown> {
  const headers = { authorization: `Bearer ${node.tokenOf(user)}` }
  const response = await fetch(`${node.webUrl}/v1/call/${method}`, { method: 'POST', body: JSON.stringify(params), headers })
  return response.json()
}

function fieldOf(value: Plain | undefined, name: string): unknown {
  return Reflect.get(Object(value), name)
}

function listOf(value: Plain | undefined, name: string): readonly Plain[] {
  const list = fieldOf(value, name)
  return z.array(z.custom<Plain>()).parse(list)
}
