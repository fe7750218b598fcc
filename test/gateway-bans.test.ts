import { afterEach, beforeEach, expect, test } from 'vitest'
import { GatewayGroup } from './gateway-group.ts'
import type { GatewayRig, RigOptions } from './gateway-rig.ts'
import { RawSocket } from './raw-connections.ts'
import { until } from './servers/until.ts'

let group: GatewayGroup

beforeEach(async () => {
  group = await GatewayGroup.open()
})
afterEach(() => group.close())

const elsewhere = '127.0.0.2'
const forbidden = { error: { code: 'FORBIDDEN' } }

test('BAN-9 a banned user loses every socket, and is refused as a caller, by services too, and at the door', async () => {
  const rig = await start()
  const anna = await socket(rig, 'anna')
  const ben = await socket(rig, 'ben')
  const service = await rig.rpc()
  expect(await service.call('ban.add', ['user', 'anna', null, 'many accounts'])).toMatchObject({ result: { target: 'anna', until: null } })
  expect(await anna.ended()).toBe(4403)
  await expect(RawSocket.open(rig.socketUrl, { token: rig.tokenOf('anna') })).rejects.toThrow('403')
  expect(await service.call('buy', ['anna', 'lamp'])).toMatchObject(forbidden)
  expect(await service.call('resume', ['anna'])).toMatchObject(forbidden)
  expect(await rig.http(rig.tokenOf('anna'), 'buy', ['lamp'])).toMatchObject({ status: 403, ...forbidden })
  expect(await rig.http(rig.tokenOf('anna'), 'resume', [])).toMatchObject({ status: 403, ...forbidden })
  expect(rig.inventory.heard.map(({ user }) => user)).not.toContain('anna')
  expect(await ben.call('buy', ['lamp'])).toMatchObject({ error: null })
  expect(await service.call('user.get', ['anna'])).toMatchObject({ error: null })
  expect(await service.call('ban.remove', ['user', 'anna'])).toMatchObject({ result: { removed: true } })
  expect(await (await socket(rig, 'anna')).call('buy', ['lamp'])).toMatchObject({ error: null })
  const { layers, bannedClosed } = rig.gateway.core.counters
  expect([layers.bans, bannedClosed]).toEqual([5, 1])
})

test('BAN-10 whoever comes from a banned range loses the socket, and is refused on every port', async () => {
  const rig = await start({ settings: { rpcOpen: false } })
  const operator = await rig.rpc()
  await operator.call('auth', [rig.keys.operator])
  const anna = await socket(rig, 'anna', elsewhere)
  const service = await rig.rpc(elsewhere)
  await service.call('auth', [rig.keys.backend])
  const ben = await socket(rig, 'ben')
  expect(await operator.call('ban.add', ['range', '127.0.0.2/31'])).toMatchObject({ result: { target: '127.0.0.2/31' } })
  expect(await anna.ended()).toBe(4403)
  expect(await service.heard.wait((message) => message.kind === 'response' && message.msgid === 0)).toMatchObject(forbidden)
  await service.ended()
  await expect(socket(rig, 'anna', elsewhere)).rejects.toThrow('403')
  const refused = await rig.rpc(elsewhere)
  expect(await refused.heard.wait((message) => message.kind === 'response')).toMatchObject({ msgid: 0, ...forbidden })
  await refused.ended()
  const web = await rig.web(elsewhere)
  await web.send('POST /v1/call/sale.list HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n[]')
  await web.ended()
  expect(web.text).toMatch(/^HTTP\/1\.1 403 Forbidden\r\n[^]*"code":"FORBIDDEN"/)
  expect(await ben.call('ping', [])).toMatchObject({ error: null })
})

test('BAN-10 operators cannot shut themselves out', async () => {
  const rig = await start({ settings: { rpcOpen: false } })
  const operator = await rig.rpc()
  await operator.call('auth', [rig.keys.operator])
  for (const range of ['127.0.0.1', '127.0.0.0/8', '0.0.0.0/0'])
    expect(await operator.call('ban.add', ['range', range])).toMatchObject(forbidden)
  expect(await operator.call('ban.list', [])).toMatchObject({ result: { total: 0 } })
})

test('BAN-11 only operators see and change bans', async () => {
  const rig = await start({ settings: { rpcOpen: false } })
  const service = await rig.rpc()
  await service.call('auth', [rig.keys.backend])
  for (const method of ['ban.add', 'ban.remove', 'ban.list']) expect(await service.call(method, ['user', 'anna'])).toMatchObject(forbidden)
})

test('BAN-12 a ban holds on all gateways at once, and on one that starts later', async () => {
  const [one, other] = [await start(), await start()]
  const anna = await socket(other, 'anna')
  const service = await one.rpc()
  await service.call('ban.add', ['user', 'anna'])
  expect(await anna.ended()).toBe(4403)
  const late = await start()
  await expect(socket(late, 'anna')).rejects.toThrow('403')
  await (await late.rpc()).call('ban.remove', ['user', 'anna'])
  await until(() =>
    socket(other, 'anna').then(
      () => true,
      () => false,
    ),
  )
})

test('BAN-13 newcomers are let in at a rate; leaving, checkout and claims are not counted', async () => {
  let tokens = 2
  const newcomers = { take: () => tokens-- > 0, retryAfterMs: 70, start: () => {}, close: () => {}, collect: () => {} }
  const rig = await start({ newcomers })
  const service = await rig.rpc()
  expect(await service.call('buy', ['anna', 'lamp'])).toMatchObject({ error: null })
  expect(await service.call('buy', ['ben', 'lamp', 1, null])).toMatchObject({ error: null })
  for (const params of [
    ['cem', 'lamp'],
    ['cem', 'lamp', 1, null],
  ])
    expect(await service.call('buy', params)).toMatchObject({ error: { code: 'RATE_LIMITED', retryAfterMs: 70 } })
  expect(await rig.http(rig.tokenOf('cem'), 'buy', ['lamp'])).toMatchObject({ status: 429, error: { code: 'RATE_LIMITED' } })
  for (const [method, ...more] of [['leave'], ['claim'], ['checkout', 'card']] as const)
    expect(await service.call(method, ['anna', 'lamp', ...more])).toMatchObject({ error: null })
  const { layers, passed } = rig.gateway.core.counters
  expect([layers.newcomers, passed.newcomers]).toEqual([3, 2])
})

async function start(options: RigOptions = {}): Promise<GatewayRig> {
  return group.start({ bans: group.store.record('bans'), ...options })
}

async function socket(rig: GatewayRig, user: string, localAddress?: string): Promise<RawSocket> {
  const options = localAddress === undefined ? {} : { options: { localAddress } }
  return rig.socket({ token: rig.tokenOf(user), ...options })
}
