import { expect, test } from 'vitest'
import { decodeMessage } from '../../protocol/envelope.ts'
import { StreamSplitter } from '../../protocol/stream-splitter.ts'
import { mixTemplate, skuNames } from './call-mix.ts'
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

/** 0 in each slot whose request was answered. */
function waiting(slots: number, ...busy: readonly number[]): Float64Array {
  return Float64Array.from({ length: slots }, (_, slot) => (busy.includes(slot) ? 1 : 0))
}

test('BEN-83 a slot whose request has no answer yet is passed over', () => {
  const ring = ringFor(4)
  ring.take(8)
  const busy = waiting(8, 0, 3, 4)
  expect(callsIn(ring.take(4, busy), 2).map(({ msgid }) => msgid)).toEqual([1, 2])
  expect(ring.taken).toBe(2)
  expect(callsIn(ring.take(4, busy), 3).map(({ msgid }) => msgid)).toEqual([5, 6, 7])
  expect(callsIn(ring.take(1, busy), 1).map(({ msgid }) => msgid)).toEqual([1])
})

interface Said {
  readonly method: string
  readonly msgid: number
  readonly params: readonly unknown[]
}

/** One after another, whatever their lengths. */
function saidIn(bytes: Buffer): readonly Said[] {
  const said: Said[] = []
  new StreamSplitter(4096).feed(bytes, (all, from, to) => {
    const message = decodeMessage(all, from, to)
    if (message.kind === 'request') said.push({ method: message.method, msgid: message.msgid, params: message.params })
  })
  return said
}

test('BEN-83 people who take turns buy and leave, over and over, and a request id is never used twice', () => {
  const ring = new RequestRing(mixTemplate({ skus: 1, zipf: 1, usersEach: 3 }, 'test', 7), 8)
  const said = [...saidIn(ring.take(9)), ...saidIn(ring.take(3)), ...saidIn(ring.take(16))]
  expect(said.map(({ method }) => method)).toEqual(said.map((_, i) => (i % 2 === 0 ? 'buy' : 'leave')))
  const buys = said.filter(({ method }) => method === 'buy')
  const leaves = said.filter(({ method }) => method === 'leave')
  expect(leaves.map(({ params }) => params)).toEqual(buys.map(({ params }) => params.slice(0, 2)))
  expect(buys.slice(3).map(({ params: [user] }) => user)).toEqual(buys.slice(0, -3).map(({ params: [user] }) => user))
  expect(new Set(buys.map(({ params: [user] }) => user)).size).toBe(3)
  expect(new Set(buys.map(({ params }) => params[3])).size).toBe(buys.length)
})

test('BEN-83 a round begins only where all of it has room', () => {
  const ring = new RequestRing(mixTemplate({ skus: 1, zipf: 1, usersEach: 3 }, 'test', 7), 4)
  ring.take(8)
  const said = saidIn(ring.take(8, waiting(8, 1, 6)))
  expect(said.map(({ method, msgid }) => [method, msgid])).toEqual([
    ['buy', 2],
    ['leave', 3],
    ['buy', 4],
    ['leave', 5],
  ])
})

test('BEN-83 the n-th SKU of a mix is wanted 1/n as much as the first, and each is one that the shop has', () => {
  const mix = { skus: 10, zipf: 1 }
  const names = skuNames(mix)
  const times = new Map(names.map((name) => [name, 0]))
  const ring = new RequestRing(mixTemplate(mix, 'test', 3), 4_096)
  for (const { params } of saidIn(ring.take(8_192))) times.set(String(params[1]), (times.get(String(params[1])) ?? 0) + 1)
  expect(times.size).toBe(10)
  const [first = 0, second = 0, , , , , , , , tenth = 0] = names.map((name) => times.get(name) ?? 0)
  expect(first / second).toBeGreaterThan(1.7)
  expect(first / second).toBeLessThan(2.3)
  expect(first / tenth).toBeGreaterThan(7)
  expect(first / tenth).toBeLessThan(14)
})

test('BEN-83 ids are as long as asked for', () => {
  const idBytes = { user: 64, sku: 48, request: 64 }
  const [said] = saidIn(new RequestRing(mixTemplate({ skus: 1, zipf: 1, idBytes }, 'test', 3), 1).take(1))
  expect(said?.params.map((param) => String(param).length)).toEqual([64, 48, 1, 64])
  expect(skuNames({ skus: 1, zipf: 1, idBytes })).toEqual([said?.params[1]])
  const [short] = saidIn(
    new RequestRing(mixTemplate({ skus: 1, zipf: 1, idBytes: { user: 16, sku: 1, request: 0 } }, 'test', 3), 1).take(1),
  )
  expect(short?.params.map((param) => String(param).length)).toEqual([16, 1])
})
