import { afterEach, expect, test } from 'vitest'
import type { Heard, ScriptedAnswer } from '../cluster/scripted-shard.ts'
import { op } from '../protocol/entry.ts'
import { claimKind } from '../protocol/frame.ts'
import { GatewayRig, type RigOptions } from './gateway-rig.ts'
import type { RawSocket, RawTcp } from './raw-connections.ts'
import { until } from './servers/until.ts'

let rig: GatewayRig

afterEach(() => rig.close())

const buyOps: ReadonlySet<number> = new Set([op.buy, op.reservedBuy])
const someMs: unknown = expect.any(Number)
const busy = { error: { code: 'BUSY', retryAfterMs: someMs } }
const anna = {
  kind: 'result',
  result: { state: 'held', hold: 1, qty: 1, expiresAt: 4_000_000_000_000 },
  claim: 1,
  claimKind: claimKind.hold,
} as const

/** Leaves newcomers without an answer, and answers everybody else. */
function slowForNewcomers(command: Heard): ScriptedAnswer {
  if (command.user === 'anna') return anna
  return buyOps.has(command.op) ? { kind: 'silence' } : { kind: 'result', result: { state: 'none' } }
}

test('OVL-11 newcomers beyond the limit of a shard are refused by every transport, and cost it nothing', async () => {
  await start({ script: slowForNewcomers })
  const [service, socket] = [await rig.rpc(), await webSocket('ben')]
  const heard = await fill(service)
  expect(await service.call('buy', ['cem', 'lamp', 1, 'request-1'])).toMatchObject(busy)
  expect(await socket.call('buy', ['lamp'])).toMatchObject(busy)
  expect(await rig.http(rig.tokenOf('dora'), 'buy', ['lamp'])).toMatchObject({ status: 503, ...busy })
  // In an encoding that takes the general path.
  expect(await service.call('buy', ['emil', 'lamp', 1, null])).toMatchObject(busy)
  expect(rig.inventory.heard.length).toBe(heard)
  expect(rig.gateway.core.counters.layers).toMatchObject({ overload: 4, pending: 0 })
})

test('OVL-12 whoever holds something, or is known to have a claim, passes when newcomers do not; so do operators', async () => {
  await start({ script: slowForNewcomers })
  const [service, socket] = [await rig.rpc(), await webSocket('anna')]
  expect(await socket.call('buy', ['lamp'])).toMatchObject({ result: { state: 'held' } })
  await fill(service)
  expect(await service.call('buy', ['cem', 'lamp'])).toMatchObject(busy)
  for (const [method, ...more] of [['leave'], ['claim'], ['checkout', 'card']] as const)
    expect(await service.call(method, ['ben', 'lamp', ...more])).toMatchObject({ error: null })
  expect(await socket.call('buy', ['lamp'])).toMatchObject({ result: { state: 'held' } })
  expect(await service.call('buy', ['anna', 'lamp', 1, null])).toMatchObject({ result: { state: 'held' } })
  expect(await service.call('sku.restock', ['lamp', 5, 'restock-1'])).toMatchObject({ error: null })
})

test('OVL-13 a buy that would be refused has no units reserved first', async () => {
  const lamp = { saleLimitPerUser: 3 }
  await start({ lamp, script: slowForNewcomers, sessionScript: () => ({ kind: 'result', result: { number: 5, qty: 1 } }) })
  const service = await rig.rpc()
  for (let user = 0; user < 8; user++) void service.call('buy', [`user-${user}`, 'lamp'])
  await until(() => rig.inventory.heard.filter((one) => buyOps.has(one.op)).length >= 6)
  const reserved = rig.sessions.heard.length
  expect(await service.call('buy', ['cem', 'lamp'])).toMatchObject(busy)
  expect(await service.call('buy', ['cem', 'lamp', 1, null])).toMatchObject(busy)
  expect(rig.sessions.heard.length).toBe(reserved)
})

test('OVL-14 what is refused takes no token from newcomers who could get in', async () => {
  let taken = 0
  const take = (): boolean => ++taken > 0
  await start({ script: slowForNewcomers, newcomers: { take, retryAfterMs: 70, start: () => {}, close: () => {}, collect: () => {} } })
  const service = await rig.rpc()
  await fill(service)
  const before = taken
  expect(await service.call('buy', ['cem', 'lamp'])).toMatchObject(busy)
  expect(taken).toBe(before)
})

async function start(options: RigOptions): Promise<void> {
  rig = await GatewayRig.start({ ...options, settings: { shardCallsMax: 8 } })
}

/** As many newcomers as the shard gets at a time; returns how many commands it has heard. */
async function fill(service: RawTcp): Promise<number> {
  for (let user = 0; user < 6; user++) void service.call('buy', [`user-${user}`, 'lamp'])
  await until(() => rig.inventory.heard.filter(({ user }) => user.startsWith('user-')).length === 6)
  return rig.inventory.heard.length
}

function webSocket(user: string): Promise<RawSocket> {
  return rig.socket({ token: rig.tokenOf(user) })
}
