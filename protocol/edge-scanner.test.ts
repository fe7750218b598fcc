import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { ScannedCall, scanHotCall } from './edge-scanner.ts'
import { op } from './entry.ts'
import { decodeMessage, writeRequest } from './envelope.ts'
import { hashBytes, hashBytesAgain } from './hash.ts'
import { parseRequestId, parseSkuId, parseUserId } from './ids.ts'
import { Malformed } from './msgpack-reader.ts'
import { MsgpackWriter, type Plain } from './msgpack-writer.ts'
import { nearly } from './plain-arbitrary.ts'

const latin1 = new TextDecoder('latin1')
const operations = { buy: op.buy, leave: op.leave, claim: op.claim } as const

const skus = fc.stringMatching(/^[A-Za-z0-9._-]{1,48}$/)
const users = fc.stringMatching(/^[\x20-\x7e]{1,64}$/)
const requestIds = fc.stringMatching(/^[\x21-\x7e]{1,64}$/)
const msgids = fc.oneof(fc.nat(300), fc.nat(70_000), fc.nat(0xffff_ffff))
const buys = fc
  .tuple(skus, fc.integer({ min: 1, max: 127 }), requestIds)
  .chain((all) => fc.constantFrom(all.slice(0, 1), all.slice(0, 2), all))
const calls: fc.Arbitrary<readonly [string, readonly Plain[]]> = fc.oneof(
  buys.map((params) => ['buy', params] as const),
  skus.map((sku) => ['leave', [sku]] as const),
  skus.map((sku) => ['claim', [sku]] as const),
)

interface Request {
  readonly bytes: Uint8Array
  readonly userFirst: boolean
}

const requests: fc.Arbitrary<Request> = fc.tuple(msgids, calls, fc.option(users)).map(([msgid, [method, params], user]) => {
  const writer = new MsgpackWriter()
  writeRequest(writer, msgid, method, user === null ? params : [user, ...params])
  return { bytes: writer.finish(), userFirst: user !== null }
})

/** What the scanner made of a call, in words. */
function scanned(bytes: Uint8Array, at: number, to: number, userFirst: boolean): unknown {
  const call = new ScannedCall()
  const end = scanHotCall(bytes, at, to, userFirst, call)
  if (end === 0) return undefined
  const { msgid, qty, skuHash, requestHi, requestLo } = call
  const user = userFirst ? { user: latin1.decode(bytes.subarray(call.userFrom, call.userTo)), userHash: call.userHash } : {}
  return {
    end,
    op: call.op,
    msgid,
    sku: latin1.decode(bytes.subarray(call.skuFrom, call.skuTo)),
    skuHash,
    qty,
    requestHi,
    requestLo,
    ...user,
  }
}

/** The same from the general path; undefined if it would refuse the call. */
function decoded(bytes: Uint8Array, at: number, end: number, userFirst: boolean): unknown {
  const message = decodeMessage(bytes, at, end)
  if (message.kind !== 'request') return undefined
  const { msgid, method } = message
  const [user, name, qty = 1, request, ...more] = userFirst ? message.params : [undefined, ...message.params]
  const sku = parseSkuId(name)
  if (sku === undefined || more.length > 0 || (method !== 'buy' && method !== 'leave' && method !== 'claim')) return undefined
  if (userFirst && parseUserId(user) === undefined) return undefined
  if (request !== undefined && parseRequestId(request) === undefined) return undefined
  const [skuHash, requestHi, requestLo] = [hashOf(hashBytes, sku), hashOf(hashBytes, request), hashOf(hashBytesAgain, request)]
  const whose = userFirst ? { user, userHash: hashOf(hashBytes, user) } : {}
  return { end, op: operations[method], msgid, sku, skuHash, qty, requestHi, requestLo, ...whose }
}

function hashOf(hash: (bytes: Uint8Array, from: number, to: number) => number, text: Plain | undefined): number {
  if (typeof text !== 'string') return 0
  const bytes = new TextEncoder().encode(text)
  return hash(bytes, 0, bytes.length)
}

test('PRO-28 the scanner reads every hot call of the clients as the general path does, wherever it stands', () => {
  fc.assert(
    fc.property(requests, fc.uint8Array({ maxLength: 5 }), fc.uint8Array({ maxLength: 5 }), ({ bytes, userFirst }, before, behind) => {
      const all = Uint8Array.of(...before, ...bytes, ...behind)
      const [at, end] = [before.length, before.length + bytes.length]
      const call = scanned(all, at, all.length, userFirst)
      expect(call).toEqual(decoded(all, at, end, userFirst))
      expect(call).toMatchObject({ end })
    }),
    { numRuns: 1_000 },
  )
})

test('PRO-28 a part of a call is none, whatever bytes stand behind it in memory', () => {
  fc.assert(
    fc.property(requests, ({ bytes, userFirst }) => {
      for (let to = 0; to < bytes.length; to++) expect(scanned(bytes, 0, to, userFirst)).toBeUndefined()
    }),
  )
})

test('PRO-29 whatever bytes the scanner accepts, the general path reads as the same call', () => {
  let accepted = 0
  const bytesOf = requests.map((request) => request.bytes)
  fc.assert(
    fc.property(nearly(bytesOf), fc.boolean(), (bytes, userFirst) => {
      const verdict = agreementOn(bytes, userFirst)
      accepted += verdict === 'same' ? 1 : 0
      expect(verdict).toMatch(/^(refused|same)$/)
    }),
    { numRuns: 20_000 },
  )
  // A scanner that accepted nothing would agree as well.
  expect(accepted).toBeGreaterThan(500)
})

function agreementOn(bytes: Uint8Array, userFirst: boolean): string {
  const call = scanned(bytes, 0, bytes.length, userFirst)
  if (call === undefined) return 'refused'
  try {
    const { end } = call as { end: number }
    const other = decoded(bytes, 0, end, userFirst)
    return JSON.stringify(other) === JSON.stringify(call) ? 'same' : `scanned ${JSON.stringify(call)} but decoded ${JSON.stringify(other)}`
  } catch (error) {
    if (error instanceof Malformed) return `scanned ${JSON.stringify(call)} but ${error.message}`
    throw error
  }
}

test('PRO-29 what only the general path may take, the scanner leaves to it', () => {
  const call = (method: string, params: readonly Plain[]) => {
    const writer = new MsgpackWriter()
    writeRequest(writer, 1, method, params)
    return writer.finish()
  }
  const left = [
    call('checkout', ['shoe', 'tok_ok']),
    call('buys', ['shoe']),
    call('buy', []),
    call('buy', ['shoe', 0]),
    call('buy', ['shoe', 128]),
    call('buy', ['shoe', null]),
    call('buy', ['shoe', 1, 'r', 1]),
    call('buy', ['shoe', 1, '']),
    call('buy', ['shoe', 1, 'a b']),
    call('leave', ['shoe', 1]),
    call('claim', ['a shoe']),
    call('claim', ['x'.repeat(49)]),
    call('claim', ['']),
    call('claim', [5]),
  ]
  for (const bytes of left) expect(scanned(bytes, 0, bytes.length, false)).toBeUndefined()
  for (const user of ['', 'x'.repeat(65), 'Žofie', 'a\u0007']) {
    const bytes = call('buy', [user, 'shoe'])
    expect(scanned(bytes, 0, bytes.length, true)).toBeUndefined()
  }
})
