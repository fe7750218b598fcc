import { afterEach, expect, test } from 'vitest'
import type { Heard, ScriptedAnswer } from '../cluster/scripted-shard.ts'
import { skuChange, skuSettings } from '../gateway/view-fixtures.ts'
import { op } from '../protocol/entry.ts'
import { claimKind } from '../protocol/frame.ts'
import { GatewayRig, type RigOptions } from './gateway-rig.ts'
import { type Answer, RawSocket, RawTcp, requestBytes } from './raw-connections.ts'

let rig: GatewayRig

afterEach(() => rig.close())

const silence = { kind: 'silence' } as const
const none = { kind: 'result', result: { state: 'none' } } as const
const held = { kind: 'result', result: { state: 'held', hold: 7, qty: 1, expiresAt: 9_000 }, claim: 7, claimKind: claimKind.hold } as const

test('GW-80 a service says who it is before anything else, and a wrong key ends the connection', async () => {
  await start({ settings: { rpcOpen: false } })
  const service = await rig.rpc()
  expect(await service.call('buy', ['anna', 'lamp'])).toMatchObject({ error: { code: 'UNAUTHORIZED' } })
  expect(await service.call('sale.list', [])).toMatchObject({ error: null })
  expect(await service.call('auth', [rig.keys.backend])).toMatchObject({ result: { role: 'backend' } })
  expect(await service.call('buy', ['anna', 'lamp'])).toMatchObject({ error: null })
  expect(await service.call('sku.restock', ['lamp', 1])).toMatchObject({ error: { code: 'FORBIDDEN' } })
  expect(await service.call('auth', [rig.keys.operator])).toMatchObject({ result: { role: 'operator' } })
  expect(await service.call('sku.restock', ['lamp', 1])).toMatchObject({ error: null })
})

test.each([[['wrong']], [[]], [[17]], [['']], [['key-of-operators', 'surplus']]])(
  'GW-80 auth with %j is refused, and what follows is not read',
  async (params) => {
    await start({ settings: { rpcOpen: false } })
    const service = await rig.rpc()
    expect(await service.call('auth', params)).toMatchObject({ error: { code: 'UNAUTHORIZED' } })
    await service.ended()
  },
)

test('GW-80 on loopback a service needs no key, and one that gives the key of the backend acts as that', async () => {
  await start()
  const service = await rig.rpc()
  expect(await service.call('sku.restock', ['lamp', 1])).toMatchObject({ error: null })
  await service.call('auth', [rig.keys.backend])
  expect(await service.call('sku.restock', ['lamp', 1])).toMatchObject({ error: { code: 'FORBIDDEN' } })
})

test('GW-81 a WebSocket without a token may read what is public, and one with a service key names the user first', async () => {
  await start()
  const guest = await rig.socket({})
  expect(await guest.call('sale.list', [])).toMatchObject({ result: [{ sale: 'sale-of-lamp' }] })
  expect(await guest.call('ping', [])).toMatchObject({ error: null })
  expect(await guest.call('buy', ['lamp'])).toMatchObject({ error: { code: 'UNAUTHORIZED' } })
  const service = await rig.socket({ options: { headers: { authorization: `Bearer ${rig.keys.backend}` } } })
  await service.call('buy', ['ben', 'lamp'])
  expect(rig.inventory.last.user).toBe('ben')
  expect(await service.call('sku.get', ['ben', 'lamp'])).toMatchObject({ result: { sku: 'lamp' } })
})

test.each([
  ['nonsense', () => 'a.b.c'],
  ['expired', () => rig.tokenOf('anna', -1)],
  ['without a user', () => rig.tokenOf('')],
])('GW-81 an upgrade with a token that is %s is refused', async (_, token) => {
  await start()
  await expect(RawSocket.open(rig.socketUrl, { token: token() })).rejects.toThrow('401')
  await expect(RawSocket.open(rig.socketUrl, { options: { headers: { authorization: `Bearer ${token()}` } } })).rejects.toThrow('401')
})

test('GW-81 a token ends the rights of its socket when it expires', async () => {
  await start()
  const anna = await rig.socket({ token: rig.tokenOf('anna', 60) })
  expect(await anna.call('claim', ['lamp'])).toMatchObject({ error: null })
  const before = rig.inventory.heard.length
  rig.skip(60_000)
  const refused = await anna.call('claim', ['lamp'])
  expect(refused?.error?.code ?? 'closed').toMatch(/^(UNAUTHORIZED|closed)$/)
  expect(await anna.ended()).toBe(4401)
  expect(rig.inventory.heard.length).toBe(before)
})

test.each(['rpc', 'ws', 'json'] as const)(
  'GW-82 a connection (%s) has so many calls under way, and takes more when answers have come',
  async (kind) => {
    const waiting: Heard[] = []
    await start({ settings: { perConnectionInFlightMax: 2 }, script: (command) => (waiting.push(command), silence) })
    const [call, other] = [await caller(kind), await caller(kind)]
    const calls = [call('claim'), call('resume')]
    await expect.poll(() => waiting.length).toBe(2)
    expect(await call('claim')).toMatchObject({ error: { code: 'BUSY', retryAfterMs: 100 } })
    const others = other('claim')
    await expect.poll(() => waiting.length).toBe(3)
    for (const command of waiting) rig.inventory.answer(command, command.op === op.claimsOfUser ? { kind: 'inner', result: [] } : none)
    expect((await Promise.all([...calls, others])).map((answer) => answer?.error)).toEqual([null, null, null])
    const next = [call('claim'), call('claim')]
    await expect.poll(() => waiting.length).toBe(5)
    for (const command of waiting.slice(3)) rig.inventory.answer(command, none)
    expect((await Promise.all(next)).map((answer) => answer?.error)).toEqual([null, null])
  },
)

test('GW-95 an answer that comes after newer news of its claim is told as those', async () => {
  const waiting: Heard[] = []
  await start({ script: (command) => (waiting.push(command), silence) })
  const anna = await rig.socket({ token: rig.tokenOf('anna') })
  const calls = [anna.call('claim', ['lamp']), anna.call('claim', ['lamp'])]
  await expect.poll(() => waiting.length).toBe(2)
  const [late, early] = waiting
  if (late === undefined || early === undefined) throw new Error('two commands came')
  const hold = { state: 'held', hold: 7, qty: 1, expiresAt: 9_000 }
  rig.inventory.answer(early, { kind: 'result', result: hold, claim: 7, claimKind: claimKind.hold })
  const place = { state: 'queued', ticket: 7, ahead: 3, eta: null, odds: 'likely' }
  rig.inventory.answer(late, { kind: 'result', result: place, claim: 7, claimKind: claimKind.ticket })
  expect((await Promise.all(calls)).map((answer) => answer?.result)).toEqual([hold, hold])
})

test('GW-82 an address has so many connections, WebSockets and services together', async () => {
  await start({ settings: { connectionsPerAddressMax: 2 } })
  const anna = await rig.socket({ token: rig.tokenOf('anna') })
  await rig.rpc()
  await expect(RawSocket.open(rig.socketUrl, { token: rig.tokenOf('ben') })).rejects.toThrow('503')
  const refused = await rig.rpc()
  await refused.ended()
  anna.close()
  await expect.poll(() => rig.gateway.core.counters.open.ws).toBe(0)
  await expect(rig.socket({ token: rig.tokenOf('ben') })).resolves.toBeDefined()
})

test('GW-83 an answer to a connection that is gone reaches nobody else', async () => {
  const waiting: Heard[] = []
  await start({ script: (command) => (waiting.push(command), silence) })
  const first = await rig.rpc()
  await first.send(new Uint8Array(0))
  const lost = first.call('claim', ['anna', 'lamp'])
  await expect.poll(() => waiting.length).toBe(1)
  first.close()
  expect(await lost).toBeUndefined()
  await expect.poll(() => rig.gateway.core.counters.open.rpc).toBe(0)
  const second = await rig.rpc()
  await second.call('ping', [])
  rig.inventory.answer(waiting[0] ?? fail(), held)
  await second.call('ping', [])
  expect(second.heard.messages).toHaveLength(2)
})

test('GW-84 a user hears on every device what is done on one of them, by HTTP, or by a service', async () => {
  const answers: ScriptedAnswer[] = [
    held,
    { kind: 'result', result: { state: 'none' }, claim: 7, claimKind: claimKind.none },
    { ...held, claim: 8 },
  ]
  await start({ script: () => answers.shift() ?? silence })
  const phone = await rig.socket({ token: rig.tokenOf('anna') })
  const laptop = await rig.socket({ token: rig.tokenOf('anna'), json: true })
  await phone.call('buy', ['lamp'])
  expect(await laptop.event('held')).toMatchObject({ sku: 'lamp', hold: 7, expiresAt: 9_000 })
  await rig.http(rig.tokenOf('anna'), 'leave', ['lamp'])
  expect(await laptop.event('left')).toEqual({ sku: 'lamp' })
  expect(await phone.event('left')).toEqual({ sku: 'lamp' })
  const service = await rig.rpc()
  await service.call('buy', ['anna', 'lamp'])
  await expect.poll(() => [phone.eventsOf('held').length, laptop.eventsOf('held').length]).toEqual([1, 2])
})

test('GW-85 who watches a SKU hears of its stock and of its sale, until it is no longer watched', async () => {
  await start()
  const settings = skuSettings('lamp')
  const watchers = [await rig.socket({}), await rig.socket({ json: true })]
  const service = await rig.rpc()
  for (const one of [...watchers, service])
    expect(await one.call('watch', ['lamp'])).toMatchObject({ result: { sku: 'lamp', available: 10, state: 'open' } })
  rig.broadcast({ toSeq: 2, skus: [skuChange(settings, { available: 9 })] })
  for (const one of watchers)
    expect(await one.event('sku', (sku) => Reflect.get(Object(sku), 'available') === 9)).toMatchObject({ sku: 'lamp' })
  expect(await service.heard.wait((message) => message.kind === 'notification')).toMatchObject({
    method: 'sku',
    params: [{ available: 9 }],
  })
  rig.broadcast({ toSeq: 3, skus: [skuChange(settings, { phase: 'paused' })] })
  for (const one of watchers)
    expect(await one.event('sale', (sale) => Reflect.get(Object(sale), 'state') === 'paused')).toMatchObject({ sale: 'sale-of-lamp' })
  for (const one of watchers) await one.call('unwatch', ['lamp'])
  rig.broadcast({ toSeq: 4, skus: [skuChange(settings, { available: 1 })] })
  for (const one of watchers) await one.call('ping', [])
  expect(watchers.map((one) => one.eventsOf('sku').length)).toEqual([2, 2])
})

test('GW-86 whoever is connected is told to go elsewhere, and nobody new is let in', async () => {
  await start()
  const anna = await rig.socket({ token: rig.tokenOf('anna') })
  const service = await rig.rpc()
  await service.call('ping', [])
  const drained = rig.gateway.drain(2_000)
  expect(await anna.event('drain')).toEqual({ withinMs: 2_000 })
  expect(await service.heard.wait((message) => message.kind === 'notification')).toMatchObject({
    method: 'drain',
    params: [{ withinMs: 2_000 }],
  })
  expect(await anna.call('claim', ['lamp'])).toMatchObject({ error: null })
  await expect(RawSocket.open(rig.socketUrl)).rejects.toThrow('ECONNREFUSED')
  await expect(RawTcp.open(rig.ports.rpcPort)).rejects.toThrow('ECONNREFUSED')
  rig.gateway.close()
  expect(await anna.ended()).toBeGreaterThan(0)
  await service.ended()
  await drained
})

test('GW-86 a node waits no longer than until everyone has gone, and for a call that is under way', async () => {
  const waiting: Heard[] = []
  await start({ script: (command) => (waiting.push(command), silence) })
  const anna = await rig.socket({ token: rig.tokenOf('anna') })
  const headers = { authorization: `Bearer ${rig.tokenOf('ben')}` }
  const call = fetch(`${rig.webUrl}/v1/call/claim`, { method: 'POST', body: '["lamp"]', headers })
  await expect.poll(() => waiting.length).toBe(1)
  let drained = false
  const done = rig.gateway.drain(600_000).then(() => {
    drained = true
  })
  anna.close()
  await expect.poll(() => rig.gateway.core.counters.open.ws).toBe(0)
  expect(drained).toBe(false)
  rig.inventory.answer(waiting[0] ?? fail(), none)
  expect((await call).status).toBe(200)
  await done
})

test('GW-86 a node waits no longer than it said for those who stay', async () => {
  await start()
  const anna = await rig.socket({ token: rig.tokenOf('anna') })
  await rig.gateway.drain(100)
  expect(anna.heard.ended).toBe(false)
})

test('GW-83 a frame with something behind its message is no message, and nothing of it is done', async () => {
  await start()
  const anna = await rig.socket({ token: rig.tokenOf('anna') })
  const before = rig.inventory.heard.length
  anna.send(Buffer.concat([requestBytes(1, 'buy', ['lamp']), requestBytes(2, 'buy', ['lamp'])]))
  expect(await anna.ended()).toBe(1007)
  expect(rig.inventory.heard.length).toBe(before)
})

test('GW-87 a user of a WebSocket is rated, and told when to come again', async () => {
  await start({ settings: { userBurst: 2, userRatePerSecond: 1 } })
  const anna = await rig.socket({ token: rig.tokenOf('anna') })
  const codes = [await anna.call('claim', ['lamp']), await anna.call('make.coffee', []), await anna.call('claim', ['lamp'])]
  expect(codes.map((answer) => answer?.error?.code)).toEqual([undefined, 'UNKNOWN_METHOD', 'RATE_LIMITED'])
  expect(codes[2]?.error?.retryAfterMs).toBeGreaterThan(0)
  rig.skip(1_000)
  expect(await anna.call('claim', ['lamp'])).toMatchObject({ error: null })
})

test('GW-88 the session hears who is connected here, and who is not any more', async () => {
  await start()
  const [phone, laptop] = [await rig.socket({ token: rig.tokenOf('anna') }), await rig.socket({ token: rig.tokenOf('anna') })]
  await expect.poll(() => rig.sessions.heard.map((command) => [command.op, command.user])).toEqual([[op.attach, 'anna']])
  phone.close()
  laptop.close()
  await expect.poll(() => rig.sessions.heard.map((command) => command.op)).toEqual([op.attach, op.detach])
})

async function start(options: RigOptions = {}): Promise<void> {
  rig = await GatewayRig.start({ script: () => none, ...options })
}

/** One connection that calls for anna about the lamp. */
async function caller(kind: 'rpc' | 'ws' | 'json'): Promise<(method: 'claim' | 'resume') => Promise<Answer | undefined>> {
  const connection = kind === 'rpc' ? await rig.rpc() : await rig.socket({ token: rig.tokenOf('anna'), json: kind === 'json' })
  const first = kind === 'rpc' ? ['anna'] : []
  return (method) => connection.call(method, method === 'claim' ? [...first, 'lamp'] : first)
}

function fail(): never {
  throw new Error('the shard has heard nothing')
}
