import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { ScannedCall, scanHotCall } from './edge-scanner.ts'
import { op } from './entry.ts'
import { decodeMessage } from './envelope.ts'
import { hashBytesAgain, hashText } from './hash.ts'
import { parseRequestId, parseSkuId, parseUserId } from './ids.ts'
import { encodePlain, type Plain } from './msgpack-writer.ts'

const latin1 = new TextDecoder('latin1')
const utf8 = new TextEncoder()
const opOf: Readonly<Record<string, number | undefined>> = { buy: op.buy, leave: op.leave, claim: op.claim }

/** What the general path makes of the bytes; throws or returns undefined for what it refuses. */
function readGenerally(bytes: Uint8Array, userFirst: boolean): object | undefined {
  const message = decodeMessage(bytes)
  if (message.kind !== 'request') return undefined
  const { msgid, method, params } = message
  const rest = [...params]
  const user = userFirst ? parseUserId(rest.shift()) : ''
  const sku = parseSkuId(rest.shift())
  const [qty = 1, requestText] = method === 'leave' ? [1, rest[0]] : rest
  const request = requestText === undefined ? undefined : parseRequestId(requestText)
  if (user === undefined || sku === undefined || typeof qty !== 'number' || !Number.isInteger(qty) || qty < 1) return undefined
  if (requestText !== undefined && request === undefined) return undefined
  if (rest.length > (method === 'buy' ? 2 : method === 'leave' ? 1 : 0)) return undefined
  return {
    op: opOf[method],
    msgid,
    qty,
    user,
    userHash: userFirst ? hashText(user) : 0,
    sku,
    skuHash: hashText(sku),
    requestHi: request === undefined ? 0 : hashText(request),
    requestLo: request === undefined ? 0 : hashBytesAgain(utf8.encode(request), 0, request.length),
  }
}

/** The same from the scanner, or undefined if it leaves the bytes to the general path. */
function scan(bytes: Uint8Array, from: number, to: number, userFirst: boolean): object | undefined {
  const call = new ScannedCall()
  const end = scanHotCall(bytes, from, to, userFirst, call)
  if (end === 0) return undefined
  expect(end).toBeLessThanOrEqual(to)
  return {
    op: call.op,
    msgid: call.msgid,
    qty: call.qty,
    user: userFirst ? latin1.decode(bytes.subarray(call.userFrom, call.userTo)) : '',
    userHash: userFirst ? call.userHash : 0,
    sku: latin1.decode(bytes.subarray(call.skuFrom, call.skuTo)),
    skuHash: call.skuHash,
    requestHi: call.requestHi,
    requestLo: call.requestLo,
  }
}

function generally(bytes: Uint8Array, userFirst: boolean): object | undefined {
  try {
    return readGenerally(bytes, userFirst)
  } catch {
    // What the decoder refuses, the scanner has to leave to it.
    return undefined
  }
}

const letters = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-'
const skuText = fc.string({ unit: fc.constantFrom(...letters.split('')), minLength: 1, maxLength: 48 })
const visible = fc.string({
  unit: fc.integer({ min: 0x21, max: 0x7e }).map((code) => String.fromCharCode(code)),
  minLength: 1,
  maxLength: 64,
})
const printable = fc.string({
  unit: fc.integer({ min: 0x20, max: 0x7e }).map((code) => String.fromCharCode(code)),
  minLength: 1,
  maxLength: 64,
})

interface UsualCall {
  readonly msgid: number
  readonly method: 'buy' | 'leave' | 'claim'
  readonly user: string
  readonly sku: string
  readonly qty: number
  readonly request: string
  readonly extras: number
}

const usualCall: fc.Arbitrary<UsualCall> = fc.record({
  msgid: fc.oneof(fc.nat(300), fc.nat(0xffff_ffff), fc.constantFrom(0, 0x7f, 0x80, 0xff, 0x100, 0xffff, 0x1_0000, 0xffff_ffff)),
  method: fc.constantFrom('buy', 'leave', 'claim'),
  user: printable,
  sku: skuText,
  qty: fc.integer({ min: 1, max: 127 }),
  request: visible,
  extras: fc.nat(2),
})

function encode(call: UsualCall, userFirst: boolean): Uint8Array {
  const params: Plain[] = userFirst ? [call.user, call.sku] : [call.sku]
  if (call.method === 'buy') params.push(...[call.qty, call.request].slice(0, call.extras))
  if (call.method === 'leave') params.push(...[call.request].slice(0, call.extras))
  return encodePlain([0, call.msgid, call.method, params])
}

/** The bytes in the middle of others that would continue the message if they were read. */
function amid(bytes: Uint8Array, garbage: number): { readonly buffer: Uint8Array; readonly from: number; readonly to: number } {
  const buffer = new Uint8Array(bytes.length + 200).fill(garbage)
  buffer.set(bytes, 50)
  return { buffer, from: 50, to: 50 + bytes.length }
}

describe('scanHotCall', () => {
  test('EDG-1 reads every usual hot call as the general path does', () => {
    fc.assert(
      fc.property(usualCall, fc.boolean(), (call, userFirst) => {
        const bytes = encode(call, userFirst)
        const scanned = scan(bytes, 0, bytes.length, userFirst)
        expect(scanned).toBeDefined()
        expect(scanned).toEqual(readGenerally(bytes, userFirst))
        const { buffer, from, to } = amid(bytes, 0x61)
        expect(scan(buffer, from, to, userFirst)).toEqual(scanned)
        expect(scanHotCall(buffer, from, to + 150, userFirst, new ScannedCall())).toBe(to)
      }),
      { numRuns: 500 },
    )
  })

  test('EDG-2 leaves every incomplete call alone, whatever stands behind it in the buffer', () => {
    fc.assert(
      fc.property(usualCall, fc.boolean(), fc.constantFrom(0x00, 0x01, 0x61, 0x91, 0xa1, 0xff), (call, userFirst, garbage) => {
        const bytes = encode(call, userFirst)
        const whole = amid(bytes, garbage)
        for (let length = 0; length < bytes.length; length++) {
          expect(scan(bytes.slice(0, length), 0, length, userFirst), `${length} bytes alone`).toBeUndefined()
          expect(scan(bytes, 0, length, userFirst), `${length} bytes, the rest behind`).toBeUndefined()
          const cut = amid(bytes.subarray(0, length), garbage)
          expect(scan(cut.buffer, cut.from, cut.to, userFirst), `${length} bytes, ${garbage} behind`).toBeUndefined()
          expect(scan(whole.buffer, whole.from, whole.from + length, userFirst)).toBeUndefined()
        }
      }),
      { numRuns: 100 },
    )
  })

  test('EDG-3 never accepts what the general path refuses or reads otherwise, whatever bytes are changed', () => {
    const change = fc.record({
      at: fc.nat(200),
      to: fc.oneof(fc.nat(255), fc.constantFrom(0x90, 0x91, 0x92, 0xa0, 0xbf, 0xc0, 0xcc, 0xd9, 0xda, 0x7f, 0x80)),
    })
    let accepted = 0
    fc.assert(
      fc.property(usualCall, fc.boolean(), fc.array(change, { minLength: 1, maxLength: 3 }), (call, userFirst, changes) => {
        const bytes = encode(call, userFirst)
        for (const one of changes) bytes[one.at % bytes.length] = one.to
        const end = scanHotCall(bytes, 0, bytes.length, userFirst, new ScannedCall())
        if (end === 0) return
        accepted++
        expect(scan(bytes, 0, bytes.length, userFirst)).toEqual(generally(bytes.subarray(0, end), userFirst))
      }),
      { numRuns: 20_000 },
    )
    expect(accepted).toBeGreaterThan(100)
  })

  test('EDG-4 never accepts random bytes behind a plausible beginning unless the general path does', () => {
    const beginning = fc.constantFrom(
      [0x94, 0, 1, 0xa3, 0x62, 0x75, 0x79],
      [0x94, 0, 0xcd, 1, 2, 0xa5, 0x6c, 0x65, 0x61, 0x76, 0x65],
      [0x94, 0],
    )
    const tail = fc.array(fc.oneof(fc.nat(255), fc.constantFrom(0x91, 0x92, 0x93, 0x94, 0xa1, 0xa2, 0x61, 0x62, 1, 2, 0xd9)), {
      maxLength: 30,
      size: 'max',
    })
    fc.assert(
      fc.property(beginning, tail, fc.boolean(), (head, rest, userFirst) => {
        const bytes = Uint8Array.of(...head, ...rest)
        const end = scanHotCall(bytes, 0, bytes.length, userFirst, new ScannedCall())
        if (end !== 0) expect(scan(bytes, 0, bytes.length, userFirst)).toEqual(generally(bytes.subarray(0, end), userFirst))
      }),
      { numRuns: 20_000 },
    )
  })

  test.each([
    ['another method', [0, 1, 'status', ['sku']]],
    ['a notification', [2, 'buy', ['sku']]],
    ['a response', [1, 1, null, 'buy']],
    ['no params', [0, 1, 'buy', []]],
    ['too many params', [0, 1, 'buy', ['sku', 1, 'r', 1]]],
    ['a quantity for leave', [0, 1, 'leave', ['sku', 1]]],
    ['a quantity of none', [0, 1, 'buy', ['sku', 0]]],
    ['a quantity that is not small', [0, 1, 'buy', ['sku', 128]]],
    ['a negative quantity', [0, 1, 'buy', ['sku', -1]]],
    ['a SKU with a slash', [0, 1, 'buy', ['a/b']]],
    ['an empty SKU', [0, 1, 'buy', ['']]],
    ['a SKU of 49 characters', [0, 1, 'buy', ['s'.repeat(49)]]],
    ['a request id with a space', [0, 1, 'buy', ['sku', 1, 'a b']]],
    ['a request id of 65 characters', [0, 1, 'buy', ['sku', 1, 'r'.repeat(65)]]],
    ['nil for the request id', [0, 1, 'buy', ['sku', 1, null]]],
    ['a negative msgid', [0, -1, 'buy', ['sku']]],
    ['a msgid above 32 bits', [0, 2 ** 33, 'buy', ['sku']]],
  ] as const)('EDG-5 leaves to the general path: %s', (_why, message) => {
    const bytes = encodePlain(message)
    expect(scanHotCall(bytes, 0, bytes.length, false, new ScannedCall())).toBe(0)
  })

  test('EDG-6 leaves users that are not plain ASCII, empty or too long to the general path', () => {
    for (const user of ['', 'ü', 'a\tb', 'u'.repeat(65), '\u007f']) {
      const bytes = encodePlain([0, 1, 'buy', [user, 'sku']])
      expect(scanHotCall(bytes, 0, bytes.length, true, new ScannedCall()), JSON.stringify(user)).toBe(0)
    }
  })
})
