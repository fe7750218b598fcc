import { beforeEach, expect, test } from 'vitest'
import { ManualWorld } from '../cluster/manual-world.ts'
import type { Ban } from '../protocol/ban.ts'
import { parseUserId } from '../protocol/ids.ts'
import { Admission, type AdmissionLimits } from './admission.ts'
import { BanTable } from './ban-table.ts'
import { FakeConnection } from './fake-connection.ts'
import { GatewayCounters } from './gateway-counters.ts'
import { type Identity, userIdentity } from './identity.ts'

const limits: AdmissionLimits = {
  connectionsMax: 3,
  connectionsPerAddressMax: 2,
  handshakeRatePerSecond: 1_000,
  handshakeBurst: 1_000,
  addressHandshakeRatePerSecond: 1_000,
  addressHandshakeBurst: 1_000,
  frameRatePerSecond: 10,
  frameBurst: 3,
  addressesMax: 1_000,
  sharedNetworks: ['100.64.0.0/10', '2001:db8::/32'],
  sharedNetworkTimes: 3,
  perConnectionInFlightMax: 2,
  addressRatePerSecond: 10,
  addressBurst: 4,
  userRatePerSecond: 2,
  userBurst: 2,
}

let world: ManualWorld
let counters: GatewayCounters
let admission: Admission

beforeEach(() => {
  world = new ManualWorld()
  counters = new GatewayCounters()
  admission = new Admission(limits, world, counters)
})

test('GW-22 an address has so many connections, and all together so many', () => {
  expect(connect('a', 'a', 'a')).toEqual([undefined, undefined, 'BUSY'])
  expect(connect('b', 'c')).toEqual([undefined, 'BUSY'])
  expect(counters.layers).toMatchObject({ addressConnections: 1, connections: 1 })
  expect(counters.passed).toMatchObject({ addressConnections: 4, connections: 3 })
  admission.disconnected('a')
  expect(connect('c', 'a')).toEqual([undefined, 'BUSY'])
})

test('GW-22 a connection that was refused is not counted, and an address that left is forgotten', () => {
  for (let round = 0; round < 100; round++) {
    expect(connect('a', 'a', 'a')).toEqual([undefined, undefined, 'BUSY'])
    admission.disconnected('a')
    admission.disconnected('a')
  }
  expect(connect('b', 'b', 'c')).toEqual([undefined, undefined, undefined])
})

test('GW-23 a user who calls too often is told when to try again, on all connections together', async () => {
  const [phone, laptop] = [of('anna', '10.0.0.1'), of('anna', '10.0.0.2')]
  expect([admission.refuses(phone), admission.refuses(laptop)]).toEqual([undefined, undefined])
  expect(admission.refuses(phone)).toEqual({ code: 'RATE_LIMITED', retryAfterMs: 500 })
  expect(admission.refuses(laptop)).toEqual({ code: 'RATE_LIMITED', retryAfterMs: 500 })
  expect(admission.refuses(of('ben', '10.0.0.3'))).toBeUndefined()
  await world.pass(500)
  expect(admission.refuses(phone)).toBeUndefined()
  expect(counters.layers).toMatchObject({ user: 2, address: 0 })
})

test('GW-23 an address that calls too often is told when to try again, whoever its users are', () => {
  const users = ['a', 'b', 'c', 'd'].map((user) => of(user, '10.0.0.1'))
  expect(users.map((user) => admission.refuses(user))).toEqual([undefined, undefined, undefined, undefined])
  expect(admission.refuses(of('e', '10.0.0.1'))).toEqual({ code: 'RATE_LIMITED', retryAfterMs: 100 })
  expect(admission.refuses(new FakeConnection({ address: '10.0.0.1' }))).toEqual({ code: 'RATE_LIMITED', retryAfterMs: 100 })
  expect(admission.refuses(of('e', '10.0.0.2'))).toBeUndefined()
  expect(counters.layers).toMatchObject({ user: 0, address: 2 })
})

test('GW-25 an address of a network that many share has so many times the share of others', async () => {
  admission = new Admission({ ...limits, connectionsMax: 100 }, world, counters)
  const carrier = '100.64.1.2'
  expect(connect(...Array<string>(7).fill(carrier))).toEqual([...Array<undefined>(6).fill(undefined), 'BUSY'])
  expect(connect('2001:db8:0:1::/64', '2001:db8:0:1::/64', '2001:db8:0:1::/64')).toEqual([undefined, undefined, undefined])
  expect(connect('100.128.0.1', '100.128.0.1', '100.128.0.1')).toEqual([undefined, undefined, 'BUSY'])
  const calls = Array.from({ length: 13 }, (_, i) => admission.refuses(of(`u${i}`, carrier))?.code)
  expect(calls).toEqual([...Array<undefined>(12).fill(undefined), 'RATE_LIMITED'])
  await world.pass(1_000)
  expect(admission.refuses(of('later', carrier))).toBeUndefined()
})

test('GW-26 new connections are rated by address and in all, and told when to come again; the address comes first', async () => {
  const rates = { handshakeRatePerSecond: 10, handshakeBurst: 4, addressHandshakeRatePerSecond: 2, addressHandshakeBurst: 2 }
  admission = new Admission({ ...limits, ...rates, connectionsMax: 100, connectionsPerAddressMax: 100 }, world, counters)
  expect(connect('a', 'a', 'a', 'a', 'a')).toEqual([undefined, undefined, 'RATE_LIMITED', 'RATE_LIMITED', 'RATE_LIMITED'])
  expect(connect('b', 'b', 'c')).toEqual([undefined, undefined, 'RATE_LIMITED'])
  expect(counters.layers).toMatchObject({ addressHandshakes: 3, handshakes: 1, connections: 0 })
  const again = admission.refusesConnection('a')?.retryAfterMs ?? 0
  await world.pass(again - 1)
  expect(connect('a')).toEqual(['RATE_LIMITED'])
  await world.pass(1)
  expect(connect('a')).toEqual([undefined])
})

test('GW-27 who asks from ever more addresses makes no table grow, and idle ones make room', async () => {
  admission = new Admission({ ...limits, addressesMax: 1_000, connectionsMax: 1_000_000, handshakeBurst: 1_000_000 }, world, counters)
  const guest = (address: string) => admission.refuses(new FakeConnection({ address }))?.code
  const crowd = (net: number, count: number) => Array.from({ length: count }, (_, i) => guest(`10.${net}.${i >> 8}.${i & 255}`))
  // With twenty times as many as are counted apart, each of those that come now shares the count of others.
  for (let round = 0; round < 4; round++) crowd(0, 20_000)
  const late = crowd(1, 1_000).filter((code) => code === 'RATE_LIMITED')
  expect(late.length).toBeGreaterThan(900)
  await world.pass(2_000)
  expect(crowd(2, 100).filter((code) => code !== undefined)).toEqual([])
})

test('GW-28 a connection that sends too much is told when to go on, and closed if it does not listen', async () => {
  const pace = admission.framePace()
  const now = (): number => world.clock.monotonic()
  expect([1, 2, 3, 4].map(() => pace.take(now()))).toEqual(['read', 'read', 'read', 'refused'])
  const { retryAfterMs } = pace
  expect(retryAfterMs).toBe(100)
  await world.pass(retryAfterMs - 1)
  expect(pace.take(now())).toBe('refused')
  await world.pass(1)
  expect(pace.take(now())).toBe('read')
  const verdicts = Array.from({ length: 120 }, () => pace.take(now()))
  expect(new Set(verdicts.slice(0, 98))).toEqual(new Set(['refused']))
  expect(verdicts.at(-1)).toBe('closed')
})

test('GW-29 whoever is banned is refused before anything is counted, until the ban is over', async () => {
  const bans = new BanTable(world.clock)
  admission = new Admission(limits, world, counters, bans)
  const until = world.clock.now() + 1_000
  bans.replace([ban('user', 'anna', null), ban('range', '10.1.0.0/16', until)])
  expect(connect('10.1.2.3', '10.2.2.3')).toEqual(['FORBIDDEN', undefined])
  expect(admission.refusesIdentity(userOf('anna'))).toMatchObject({ code: 'FORBIDDEN' })
  expect(admission.refusesIdentity(userOf('ben'))).toBeUndefined()
  expect(admission.refusesConnection('10.1.2.3', false)).toBeUndefined()
  expect(counters.layers).toMatchObject({ bans: 2, addressHandshakes: 0 })
  await world.pass(1_000)
  expect(admission.refusesAddress('10.1.2.3')).toBeUndefined()
})

test('GW-23 services and operators are not rated', () => {
  for (const role of ['backend', 'operator'] as const) {
    const service = new FakeConnection({ identity: { role, key: role, proof: '' } })
    for (let call = 0; call < 100; call++) expect(admission.refuses(service)).toBeUndefined()
  }
})

test('GW-24 no connection, of a service or a user, has more calls under way than the limit', () => {
  const identities: Identity[] = [{ role: 'operator', key: 'k', proof: '' }, userOf('anna'), { role: 'nobody' }]
  for (const identity of identities) {
    const connection = new FakeConnection({ identity })
    connection.inFlight = 2
    expect(admission.refuses(connection)).toMatchObject({ code: 'BUSY' })
    connection.inFlight = 1
    expect(admission.refuses(connection)).toBeUndefined()
  }
  expect(counters.layers.inFlight).toBe(3)
})

/** The code with which each is refused. */
function connect(...addresses: readonly string[]): (string | undefined)[] {
  return addresses.map((address) => admission.refusesConnection(address)?.code)
}

function ban(kind: Ban['kind'], target: string, until: number | null): Ban {
  return { kind, target, until, reason: '', bannedAt: 0 }
}

function of(user: string, address: string): FakeConnection {
  return new FakeConnection({ address, identity: userOf(user) })
}

function userOf(text: string): Identity {
  const user = parseUserId(text)
  if (user === undefined) throw new Error(`${text} is no user`)
  return userIdentity(user, Number.POSITIVE_INFINITY)
}
