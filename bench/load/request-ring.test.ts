import { expect, test } from 'vitest'
import { decodeMessage } from '../../protocol/envelope.ts'
import { RequestRing } from './request-ring.ts'
import { buyRequest } from './rpc-wire.ts'

function ringFor(underWayMax: number): RequestRing {
  return new RequestRing(buyRequest({ sku: 'lamp', run: 'test' }, 7), underWayMax)
}

/** What a run of requests says: slot, user and request id of each. */
function callsIn(bytes: Buffer, count: number): { readonly msgid: number; readonly user: unknown; readonly request: unknown }[] {
  const length = bytes.length / count
  return Array.from({ length: count }, (_, i) => {
    const message = decodeMessage(bytes, i * length, (i + 1) * length)
    if (message.kind !== 'request') throw new Error('not a request')
    const [user, , , request] = message.params
    return { msgid: message.msgid, user, request }
  })
}

test('BEN-1 every call of a connection has a user and a request id of its own, also when a slot is used again', () => {
  const ring = ringFor(4)
  const users = new Set<unknown>()
  const requests = new Set<unknown>()
  for (let lap = 0; lap < 40; lap++) {
    for (const { user, request } of callsIn(ring.take(ring.slots), ring.slots)) {
      users.add(user)
      requests.add(request)
    }
  }
  expect(users.size).toBe(40 * ring.slots)
  expect(requests.size).toBe(40 * ring.slots)
})

test('BEN-1 users of another connection or run are others', () => {
  const takeOne = (run: string, connection: number): unknown => {
    const ring = new RequestRing(buyRequest({ sku: 'lamp', run }, connection), 1)
    return callsIn(ring.take(1), 1)[0]?.user
  }
  expect(new Set([takeOne('aaaa', 0), takeOne('aaaa', 1), takeOne('aaab', 0)]).size).toBe(3)
})

test('BEN-1 a call names its slot, and a run of calls ends with the ring', () => {
  const ring = ringFor(4)
  expect(ring.slots).toBe(8)
  expect(callsIn(ring.take(5), 5).map(({ msgid }) => msgid)).toEqual([0, 1, 2, 3, 4])
  expect(callsIn(ring.take(5), 3).map(({ msgid }) => msgid)).toEqual([5, 6, 7])
  expect(ring.nextSlot).toBe(0)
})
