import { beforeEach, expect, test } from 'vitest'
import { ManualWorld } from '../cluster/manual-world.ts'
import { parseUserId } from '../protocol/ids.ts'
import { Admission, type AdmissionLimits } from './admission.ts'
import { FakeConnection } from './fake-connection.ts'
import { GatewayCounters } from './gateway-counters.ts'
import { type Identity, userIdentity } from './identity.ts'

const limits: AdmissionLimits = {
  connectionsMax: 3,
  connectionsPerAddressMax: 2,
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
  admission = new Admission(limits, world.clock, counters)
})

test('GW-22 an address has so many connections, and all together so many', () => {
  expect([admission.connected('a'), admission.connected('a'), admission.connected('a')]).toEqual([true, true, false])
  expect([admission.connected('b'), admission.connected('c')]).toEqual([true, false])
  expect(counters.layers.connections).toBe(2)
  admission.disconnected('a')
  expect([admission.connected('c'), admission.connected('a')]).toEqual([true, false])
})

test('GW-22 a connection that was refused is not counted, and an address that left is forgotten', () => {
  for (let round = 0; round < 100; round++) {
    expect([admission.connected('a'), admission.connected('a')]).toEqual([true, true])
    expect(admission.connected('a')).toBe(false)
    admission.disconnected('a')
    admission.disconnected('a')
  }
  expect([admission.connected('b'), admission.connected('b'), admission.connected('c')]).toEqual([true, true, true])
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

test('GW-23 services and operators are not rated', () => {
  for (const role of ['backend', 'operator'] as const) {
    const service = new FakeConnection({ identity: { role } })
    for (let call = 0; call < 100; call++) expect(admission.refuses(service)).toBeUndefined()
  }
})

test('GW-24 no connection, of a service or a user, has more calls under way than the limit', () => {
  const identities: Identity[] = [{ role: 'operator' }, userOf('anna'), { role: 'nobody' }]
  for (const identity of identities) {
    const connection = new FakeConnection({ identity })
    connection.inFlight = 2
    expect(admission.refuses(connection)).toMatchObject({ code: 'BUSY' })
    connection.inFlight = 1
    expect(admission.refuses(connection)).toBeUndefined()
  }
  expect(counters.layers.inFlight).toBe(3)
})

test('GW-23 a sweep gives nobody tokens that they had used up', () => {
  const anna = of('anna', '10.0.0.1')
  admission.refuses(anna)
  admission.refuses(anna)
  admission.sweep()
  expect(admission.refuses(anna)).toMatchObject({ code: 'RATE_LIMITED' })
})

function of(user: string, address: string): FakeConnection {
  return new FakeConnection({ address, identity: userOf(user) })
}

function userOf(text: string): Identity {
  const user = parseUserId(text)
  if (user === undefined) throw new Error(`${text} is no user`)
  return userIdentity(user, Number.POSITIVE_INFINITY)
}
