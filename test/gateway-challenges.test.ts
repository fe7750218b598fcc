import { afterEach, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { z } from 'zod'
import { solve } from '../protocol/client/challenged-call.ts'
import { connectSocket } from '../protocol/client/index.ts'
import { connectRpc } from '../protocol/client/rpc-client.ts'
import { VirtualWorld } from '../protocol/client/virtual-world.ts'
import { op } from '../protocol/entry.ts'
import { claimKind } from '../protocol/frame.ts'
import type { Plain } from '../protocol/msgpack-writer.ts'
import { GatewayRig, type HttpAnswer, type RigOptions } from './gateway-rig.ts'
import type { RawSocket } from './raw-connections.ts'
import { until } from './servers/until.ts'

let rig: GatewayRig

afterEach(() => rig.close())

const plain = z.union([z.string(), z.number(), z.record(z.string(), z.string())])
const challengeSchema = z.object({ parameters: z.object({ expiresAt: z.int() }).catchall(plain), signature: z.string() })
const proofSchema = z.object({ challenge: challengeSchema, solution: z.object({ counter: z.int(), derivedKey: z.string() }) })

/** Work that is soon done, however hot it gets. */
const hotSoon = { challengeAbovePerSecond: 1, challengeSteps: 300, userRatePerSecond: 10_000, userBurst: 10_000 } as const

test('POW-1 while a SKU is hot, a buy without a proof is refused here, and no shard hears of it', async () => {
  await startHot()
  const anna = await socketOf('anna')
  const heard = buys().length
  expect(await anna.call('buy', ['lamp', 1, 'request-1'])).toMatchObject({ error: { code: 'CHALLENGE_REQUIRED' } })
  expect(await http('anna', 'buy', ['lamp', 1, 'request-1'])).toMatchObject({ status: 403, error: { code: 'CHALLENGE_REQUIRED' } })
  // Nothing else is.
  expect(await anna.call('claim', ['lamp'])).toMatchObject({ error: null })
  expect(buys()).toHaveLength(heard)
  expect(rig.gateway.core.counters.layers.challenge).toBe(2)
})

test('POW-2 the client does the work by itself, and the buy goes on as it was', async () => {
  await startHot()
  const token = rig.tokenOf('anna')
  for (const subprotocol of ['sluice.msgpack.v1', 'sluice.json.v1'] as const) {
    const shop = rig.keep(connectSocket({ url: rig.socketUrl, token, WebSocket, subprotocol }))
    await heat()
    const heard = buys().length
    expect(await shop.buy('lamp', { qty: 2, requestId: `by-${subprotocol}` })).toEqual({ state: 'none' })
    expect(buys().slice(heard)).toMatchObject([{ user: 'anna', sku: 'lamp', qty: 2 }])
  }
  const { proofs } = rig.gateway.core.counters
  expect(proofs).toMatchObject({ malformed: 0, foreign: 0, expired: 0, wrong: 0 })
  expect(proofs.accepted).toBeGreaterThanOrEqual(2)
})

test('POW-2 also by HTTP', async () => {
  await startHot()
  const challenge = await challengeFor('anna', 'request-1')
  expect(await http('anna', 'buy', ['lamp', 1, 'request-1', await proofOf(challenge)])).toMatchObject({ status: 200 })
})

test('POW-3 a proof is for one request of one user, and of use for nothing else', async () => {
  await startHot()
  const proof = await proofOf(await challengeFor('anna', 'request-1'))
  const { proofs } = rig.gateway.core.counters
  expect(await buyWith('anna', 'request-2', proof)).toBe('CHALLENGE_REQUIRED')
  expect(await buyWith('mallory', 'request-1', proof)).toBe('CHALLENGE_REQUIRED')
  expect(await buyWith('anna', null, proof)).toBe('CHALLENGE_REQUIRED')
  expect(proofs).toMatchObject({ foreign: 2, accepted: 0 })
  expect(await buyWith('anna', 'request-1', proof)).toBe('OK')
  // The same request has the same outcome; the shard sees to that.
  expect(await buyWith('anna', 'request-1', proof)).toBe('OK')
})

test('POW-4 what was changed, came too late, or is no proof at all is refused, and does no harm', async () => {
  await startHot()
  const challenge = await challengeFor('anna', 'request-1')
  const proof = await proofOf(challenge)
  const { solution } = proof
  const parameters = { ...challenge.parameters, keyPrefix: '00'.repeat(16) }
  const bad: readonly Plain[] = [
    { challenge, solution: { ...solution, counter: solution.counter + 1 } },
    { challenge: { ...challenge, parameters }, solution },
    { challenge: { ...challenge, parameters: { ...challenge.parameters, expiresAt: challenge.parameters.expiresAt + 1 } }, solution },
    { challenge: { ...challenge, signature: '0'.repeat(64) }, solution },
    { challenge: { ...challenge, parameters: { ...challenge.parameters, cost: 1_000_000_000 } }, solution },
    ...[{}, { challenge }, { challenge: 1, solution }, { ...proof, more: 1 }],
  ]
  for (const one of bad) expect(await buyWith('anna', 'request-1', one), JSON.stringify(one)).toBe('CHALLENGE_REQUIRED')
  for (const none of [[], 'x', 7]) expect(await buyWith('anna', 'request-1', none), JSON.stringify(none)).toBe('MALFORMED')
  rig.skip(125_000)
  await heat()
  expect(await buyWith('anna', 'request-1', proof)).toBe('CHALLENGE_REQUIRED')
  expect(rig.gateway.core.counters.proofs).toMatchObject({ wrong: 4, malformed: 5, expired: 1, accepted: 0 })
})

test('POW-5 who is known to have a claim is not asked, and neither is a service', async () => {
  const held = { state: 'held', hold: 7, qty: 1, expiresAt: Date.now() + 600_000 }
  await start({
    settings: hotSoon,
    script: (command) =>
      command.op === op.buy && command.user === 'anna'
        ? { kind: 'result', result: held, claim: 7, claimKind: claimKind.hold }
        : { kind: 'result', result: { state: 'none' } },
  })
  const anna = await socketOf('anna')
  expect(await anna.call('buy', ['lamp', 1, 'request-1'])).toMatchObject({ result: held })
  await heat()
  expect(await anna.call('buy', ['lamp', 1, 'request-1'])).toMatchObject({ result: held })
  expect(await service().as('ben').buy('lamp')).toEqual({ state: 'none' })
})

test('POW-5 but where services have to, their client does it for their users', async () => {
  await startHot({ challengeServices: 'yes' })
  expect(await service().as('ben').buy('lamp', { requestId: 'request-1' })).toEqual({ state: 'none' })
  expect(rig.gateway.core.counters.proofs.accepted).toBeGreaterThan(0)
})

test('POW-6 while nothing is hot, no challenge is given out, and proofs are not looked at', async () => {
  await start({ settings: { ...hotSoon, challengeAbovePerSecond: 1_000_000 } })
  expect(await http('anna', 'challenge', ['lamp', 'request-1'])).toEqual({ status: 200, result: null })
  expect(await buyWith('anna', 'request-1', { no: 'proof' })).toBe('OK')
})

async function start(options: RigOptions): Promise<void> {
  rig = await GatewayRig.start(options)
}

async function startHot(settings: RigOptions['settings'] = {}): Promise<void> {
  await start({ settings: { ...hotSoon, ...settings } })
  await heat()
}

/** Many ask at once, and the gateway notices with its next tick. */
async function heat(): Promise<void> {
  const view = rig.gateway.core.views.find('lamp')
  if (view === undefined) throw new Error('the gateway does not know the lamp')
  view.buysHeard += 5_000
  await until(() => view.heat > 0 && view.buysHeard === 0)
}

function socketOf(user: string): Promise<RawSocket> {
  return rig.socket({ token: rig.tokenOf(user) })
}

function service() {
  return rig.keep(connectRpc({ url: `tcp://127.0.0.1:${rig.ports.rpcPort}`, key: rig.keys.backend }))
}

function http(user: string, method: string, params: readonly Plain[]): Promise<HttpAnswer> {
  return rig.http(rig.tokenOf(user), method, params)
}

async function buyWith(user: string, requestId: string | null, proof: Plain): Promise<string> {
  const { error } = await http(user, 'buy', ['lamp', 1, requestId, proof])
  return error?.code ?? 'OK'
}

async function challengeFor(user: string, requestId: string) {
  return challengeSchema.parse((await http(user, 'challenge', ['lamp', requestId])).result)
}

async function proofOf(challenge: Plain) {
  return proofSchema.parse(await solve(new VirtualWorld(), challenge, Number.POSITIVE_INFINITY))
}

function buys() {
  return rig.inventory.heard.filter((command) => command.op === op.buy)
}
