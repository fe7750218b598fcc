import { afterEach, beforeEach, expect, test } from 'vitest'
import { z } from 'zod'
import type { Newcomers } from '../gateway/gateway-core.ts'
import { GatewayGroup } from './gateway-group.ts'
import type { GatewayRig, RigOptions } from './gateway-rig.ts'
import { RawSocket, type RawTcp } from './raw-connections.ts'
import { until } from './servers/until.ts'

let group: GatewayGroup

beforeEach(async () => {
  group = await GatewayGroup.open()
})
afterEach(() => group.close())

async function start(options: RigOptions = {}): Promise<GatewayRig> {
  const shared = { audit: group.store.table('audit'), keys: group.store.record('keys'), limits: group.store.record('limits') }
  return group.start({ ...shared, ...options })
}

/** Gateways whose RPC port asks for a key. */
function guarded(): Promise<GatewayRig> {
  return start({ settings: { rpcOpen: false } })
}

async function rpc(rig: GatewayRig, key?: string): Promise<RawTcp> {
  const connection = await rig.rpc()
  if (key !== undefined) expect(await connection.call('auth', [key])).toMatchObject({ error: null })
  return connection
}

const addedSchema = z.object({ error: z.null(), result: z.object({ key: z.string(), fingerprint: z.string() }) })
const rotatedSchema = z.object({ error: z.null(), result: z.object({ secret: z.string(), formerUntil: z.number() }) })
const forbidden = { error: { code: 'FORBIDDEN' } }
const unauthorized = { error: { code: 'UNAUTHORIZED' } }

test('KEY-2 a new key counts on all gateways at once, under a name of its own, which the audit log knows', async () => {
  const [one, other] = [await guarded(), await guarded()]
  const operator = await rpc(one, one.keys.operator)
  const { result } = addedSchema.parse(await operator.call('keys.add', ['operator', 'night']))
  // The other one hears of it a moment later.
  await until(async () => (await (await rpc(other)).call('auth', [result.key]))?.error === null)
  const night = await rpc(other, result.key)
  await night.call('sku.restock', ['lamp', 'many'])
  expect(await night.call('audit.list', [])).toMatchObject({
    result: {
      entries: [
        { who: 'night', method: 'sku.restock' },
        { who: 'operator', method: 'keys.add', params: { role: 'operator', name: 'night' } },
      ],
    },
  })
  expect(await operator.call('keys.add', ['backend', 'night'])).toMatchObject(forbidden)
  expect(await operator.call('keys.add', ['backend', 'operator'])).toMatchObject(forbidden)
  expect(await operator.call('keys.add', ['backend', 'no name'])).toMatchObject({ error: { code: 'MALFORMED' } })
  const listed = JSON.stringify(await operator.call('keys.list', []))
  expect(listed).toContain(result.fingerprint)
  for (const secret of [result.key, one.keys.operator, one.keys.backend]) {
    expect(listed).not.toContain(secret)
    expect(JSON.stringify(await operator.call('audit.list', []))).not.toContain(secret)
  }
})

test('KEY-3 a withdrawn key ends its connections on every gateway, and opens none; nobody withdraws the last or their own', async () => {
  const [one, other] = [await guarded(), await guarded()]
  const operator = await rpc(one, one.keys.operator)
  const service = await rpc(other, other.keys.backend)
  expect(await operator.call('keys.withdraw', ['operator'])).toMatchObject(forbidden)
  const { result } = addedSchema.parse(await operator.call('keys.add', ['operator', 'night']))
  expect(await operator.call('keys.withdraw', ['backend'])).toMatchObject({ result: { name: 'backend', from: 'settings' } })
  await service.ended()
  expect(await (await rpc(other)).call('auth', [other.keys.backend])).toMatchObject(unauthorized)
  const night = await rpc(one, result.key)
  expect(await night.call('keys.withdraw', ['night'])).toMatchObject(forbidden)
  expect(await night.call('keys.withdraw', ['operator'])).toMatchObject({ error: null })
  await operator.ended()
  const later = await guarded()
  expect(await (await rpc(later)).call('auth', [later.keys.operator])).toMatchObject(unauthorized)
  expect(await (await rpc(later)).call('auth', [result.key])).toMatchObject({ error: null })
  expect(await night.call('keys.withdraw', ['backend'])).toMatchObject({ error: { code: 'MALFORMED' } })
})

test('KEY-4 tokens with the new and the former secret are good until the former one is over, and then its sockets end', async () => {
  const rig = await start()
  const operator = await rpc(rig)
  const anna = await rig.socket({ token: rig.tokenOf('anna', 100_000) })
  const { result } = rotatedSchema.parse(await operator.call('keys.rotate', ['users', 60]))
  const ben = await rig.socket({ token: rig.tokenOf('ben', 100_000, result.secret) })
  await rig.socket({ token: rig.tokenOf('cem', 100_000) })
  expect(await anna.call('ping', [])).toMatchObject({ error: null })
  rig.skip(61_000)
  expect(await anna.ended()).toBe(4401)
  await expect(RawSocket.open(rig.socketUrl, { token: rig.tokenOf('anna') })).rejects.toThrow('401')
  expect(await ben.call('ping', [])).toMatchObject({ error: null })
  expect(JSON.stringify(await operator.call('audit.list', []))).not.toContain(result.secret)
})

test('KEY-5 what was changed is in force when a gateway begins to let anybody in', async () => {
  const operator = await rpc(await start())
  const { result } = rotatedSchema.parse(await operator.call('keys.rotate', ['users', 0]))
  const rig = await start()
  await expect(RawSocket.open(rig.socketUrl, { token: rig.tokenOf('anna') })).rejects.toThrow('401')
  await rig.socket({ token: rig.tokenOf('anna', 3_600, result.secret) })
  expect(rig.logged.join('')).not.toContain(result.secret)
})

test('KEY-6 who signs for the provider has to know the secret before, and it is not told to the audit log', async () => {
  const operator = await rpc(await start())
  expect(await operator.call('keys.rotate', ['payment'])).toMatchObject({ error: { code: 'MALFORMED' } })
  const secret = 'a secret'.replace(' ', '-').padEnd(40, 'x')
  expect(await operator.call('keys.rotate', ['payment', 3_600, secret])).toMatchObject({ error: null })
  expect(await operator.call('keys.rotate', ['payment', 3_600, 'short'])).toMatchObject({ error: { code: 'MALFORMED' } })
  expect(JSON.stringify(await operator.call('audit.list', []))).not.toContain(secret)
})

test('LMT-1 limits are set on all gateways at once and stay; taken back, each has what it was started with', async () => {
  const [one, other] = [await start({ settings: { userBurst: 40 } }), await start({ settings: { userBurst: 50 } })]
  const operator = await rpc(one)
  expect(await operator.call('limits.set', ['userBurst', 7])).toMatchObject({
    result: { name: 'userBurst', value: 7, configured: 40, set: 7 },
  })
  const elsewhere = await rpc(other)
  const valueThere = async (): Promise<unknown> => {
    const { result } = z
      .object({ result: z.object({ limits: z.array(z.looseObject({ name: z.string() })) }) })
      .parse(await elsewhere.call('limits.get', []))
    return result.limits.find(({ name }) => name === 'userBurst')?.['value']
  }
  await expect.poll(valueThere).toBe(7)
  const later = await rpc(await start())
  expect(JSON.stringify(await later.call('limits.get', []))).toContain('"set":7')
  await operator.call('limits.set', ['userBurst', null])
  await expect.poll(valueThere).toBe(50)
  expect(await operator.call('audit.list', [])).toMatchObject({
    result: {
      entries: [
        { before: { userBurst: 7 }, after: { userBurst: 40 } },
        { before: { userBurst: 40 }, after: { userBurst: 7 } },
      ],
    },
  })
})

test('LMT-2 what a limit may not be is refused with its name and what is allowed', async () => {
  const operator = await rpc(await start())
  for (const [name, value, said] of [
    ['userBurst', 0, 'userBurst: 0 is not allowed; it must be a whole number from 1 to 10000000'],
    ['userBurst', 'many', 'userBurst: "many" is not allowed'],
    ['webPort', 80, 'param 1 (name) must be one of connectionsMax,'],
  ] as const) {
    const answer = await operator.call('limits.set', [name, value])
    expect(answer?.error?.code).toBe('MALFORMED')
    expect(answer?.error?.message).toContain(said)
  }
})

test('LMT-3 rates, connections and calls under way go by another limit at once', async () => {
  const rig = await start({ settings: { userRatePerSecond: 1, userBurst: 1, connectionsPerAddressMax: 50 } })
  const operator = await rpc(rig)
  const anna = await rig.socket({ token: rig.tokenOf('anna') })
  const codes = async (): Promise<unknown[]> => {
    const answers = await Promise.all([1, 2, 3].map(() => anna.call('claim', ['lamp'])))
    return answers.map((answer) => answer?.error?.code)
  }
  expect(await codes()).toContain('RATE_LIMITED')
  await operator.call('limits.set', ['userBurst', 500])
  expect(await codes()).toEqual([undefined, undefined, undefined])
  await operator.call('limits.set', ['connectionsPerAddressMax', 1])
  await expect(RawSocket.open(rig.socketUrl, { token: rig.tokenOf('ben') })).rejects.toThrow('503')
  expect((await anna.call('claim', ['lamp']))?.error).toBeNull()
  await operator.call('limits.set', ['connectionsPerAddressMax', null])
  await rig.socket({ token: rig.tokenOf('ben') })
})

test('LMT-4 newcomers, challenges and gates are turned on, changed and off', async () => {
  const rates: number[] = []
  const closed: number[] = []
  const newcomersAt = (rate: number): Newcomers => ({
    ...{ take: () => false, retryAfterMs: 70, start: () => void rates.push(rate), close: () => void closed.push(rate), collect: () => {} },
  })
  const rig = await start({ newcomersAt })
  const operator = await rpc(rig)
  expect(await operator.call('buy', ['anna', 'lamp'])).toMatchObject({ error: null })
  await operator.call('limits.set', ['admitPerSecond', 5])
  expect(await operator.call('buy', ['ben', 'lamp'])).toMatchObject({ error: { code: 'RATE_LIMITED' } })
  await operator.call('limits.set', ['admitPerSecond', 6])
  await operator.call('limits.set', ['admitPerSecond', null])
  expect(await operator.call('buy', ['cem', 'lamp'])).toMatchObject({ error: null })
  expect([rates, closed]).toEqual([
    [5, 6],
    [5, 6],
  ])
  await operator.call('limits.set', ['challengeAbovePerSecond', 1])
  const heat = (): number => rig.gateway.core.views.find('lamp')?.heat ?? 0
  const challenged = async (): Promise<boolean> => {
    await Promise.all(Array.from({ length: 20 }, (_, i) => operator.call('buy', [`u${i}`, 'lamp'])))
    return heat() > 0
  }
  await expect.poll(challenged).toBe(true)
  await operator.call('limits.set', ['challengeAbovePerSecond', null])
  expect(heat()).toBe(0)
  await operator.call('limits.set', ['overloadLatencyMs', 0])
  expect(rig.gateway.core.gates.takesNewcomers(0)).toBe(true)
  await operator.call('limits.set', ['overloadLatencyMs', 100])
  expect(await operator.call('claim', ['anna', 'lamp'])).toMatchObject({ error: null })
})
