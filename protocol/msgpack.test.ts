import { isDeepStrictEqual } from 'node:util'
import * as fc from 'fast-check'
import { Packr } from 'msgpackr'
import { expect, test } from 'vitest'
import { decodeStrict, depthMax, Malformed } from './msgpack-reader.ts'
import { encodePlain, MsgpackWriter, type Plain } from './msgpack-writer.ts'
import { asJson, nearly, plains } from './plain-arbitrary.ts'

const msgpackr = new Packr({ useRecords: false, int64AsType: 'number' })
const withTypes = new Packr({ useRecords: false, moreTypes: true })
const withRecords = new Packr({ useRecords: true })
const runs = { numRuns: 500 }

/** What becomes of bytes: the strict reader refuses them, or both readers see the same in them, or they do not. */
function agreementOn(bytes: Uint8Array): 'refused' | 'same' | 'different' {
  let value: Plain
  try {
    value = decodeStrict(bytes)
  } catch (error) {
    if (error instanceof Malformed) return 'refused'
    throw error
  }
  return isDeepStrictEqual(value, msgpackr.unpack(bytes)) ? 'same' : 'different'
}

test('PRO-7 what the writer writes the strict reader reads back', () => {
  fc.assert(
    fc.property(plains, (value) => {
      expect(decodeStrict(encodePlain(value))).toEqual(asJson(value))
    }),
    runs,
  )
})

test('PRO-7 the writer and msgpackr understand each other', () => {
  fc.assert(
    fc.property(plains, (value) => {
      expect(msgpackr.unpack(encodePlain(value))).toEqual(decodeStrict(encodePlain(value)))
      expect(asJson(decodeStrict(msgpackr.pack(value)))).toEqual(asJson(value))
    }),
    runs,
  )
})

test('PRO-7 -0 is written as 0, wherever it stands, and a float that is -0 is read as what it is', () => {
  expect(decodeStrict(encodePlain([-0, { a: -0 }, [[-0]]]))).toEqual([0, { a: 0 }, [[0]]])
  expect(encodePlain(-0)).toEqual(Uint8Array.of(0))
  expect(decodeStrict(Uint8Array.of(0xcb, 0x80, 0, 0, 0, 0, 0, 0, 0))).toBe(-0)
})

test('PRO-7 half of a surrogate pair, which UTF-8 cannot say, is written as U+FFFD', () => {
  for (const text of ['\uD800', 'x\uDC00y', 'y'.repeat(40) + '\uDBFF'])
    expect(decodeStrict(encodePlain({ [text]: text }))).toEqual({ [text.toWellFormed()]: text.toWellFormed() })
})

test('PRO-7 numbers take the shortest form, at every border', () => {
  const sizes = (value: number) => encodePlain(value).length
  expect([0, 127, 128, 255, 256, 65_535, 65_536, 2 ** 32 - 1, 2 ** 32, 2 ** 53 - 1].map(sizes)).toEqual([1, 1, 2, 2, 3, 3, 5, 5, 9, 9])
  expect([-1, -32, -33, -128, -129, -32_768, -32_769, -(2 ** 31), -(2 ** 31) - 1].map(sizes)).toEqual([1, 1, 2, 2, 3, 3, 5, 5, 9])
  for (const value of [2 ** 53, 1e300, 0.1, Number.NaN, Number.POSITIVE_INFINITY]) expect(decodeStrict(encodePlain(value))).toBe(value)
})

test('PRO-8 whatever bytes the strict reader accepts, msgpackr reads as the same value', () => {
  let accepted = 0
  fc.assert(
    fc.property(nearly(plains.map(encodePlain)), (bytes) => {
      const agreement = agreementOn(bytes)
      accepted += agreement === 'same' ? 1 : 0
      expect(agreement).not.toBe('different')
    }),
    { numRuns: 6_000 },
  )
  // A reader that refused everything would agree as well.
  expect(accepted).toBeGreaterThan(500)
})

test('PRO-8 a part of a message is never a message', () => {
  fc.assert(
    fc.property(plains, (value) => {
      const bytes = encodePlain(value)
      for (const cut of [0, Math.floor(bytes.length / 2), bytes.length - 1]) {
        expect(() => decodeStrict(bytes.subarray(0, cut))).toThrow(Malformed)
      }
      // All of it: a part that lacks one byte would be whole with another.
      const longer = new Uint8Array(bytes.length + 1).fill(0xc0)
      longer.set(bytes)
      expect(() => decodeStrict(longer)).toThrow(Malformed)
    }),
  )
})

test('PRO-8 bytes before and behind the message do not matter to it', () => {
  fc.assert(
    fc.property(plains, fc.uint8Array({ maxLength: 9 }), fc.uint8Array({ maxLength: 9 }), (value, before, behind) => {
      const bytes = encodePlain(value)
      const all = new Uint8Array(before.length + bytes.length + behind.length)
      all.set(before)
      all.set(bytes, before.length)
      all.set(behind, before.length + bytes.length)
      expect(decodeStrict(all, before.length, before.length + bytes.length)).toEqual(decodeStrict(bytes))
    }),
  )
})

const nested = (depth: number, tag: number[]) => Uint8Array.of(...Array.from({ length: depth }, () => tag).flat(), 0xc0)

test('PRO-9 nesting ends at its limit, and far beyond it too', () => {
  expect(() => decodeStrict(nested(depthMax, [0x91]))).not.toThrow()
  expect(() => decodeStrict(nested(depthMax + 1, [0x91]))).toThrow(Malformed)
  expect(() => decodeStrict(nested(depthMax, [0x81, 0xa1, 0x61]))).not.toThrow()
  expect(() => decodeStrict(nested(depthMax + 1, [0x81, 0xa1, 0x61]))).toThrow(Malformed)
  expect(() => decodeStrict(nested(20_000, [0x91]))).toThrow(Malformed)
})

test.each([0xdb, 0xdd, 0xdf, 0xda, 0xdc, 0xde, 0xd9])(
  'PRO-9 type 0x%s that claims more than there is is refused without room for it',
  (tag) => {
    expect(() => decodeStrict(Uint8Array.of(tag, 0xff, 0xff, 0xff, 0xff))).toThrow(Malformed)
    // Nested claims add up to far more than any machine has.
    const claims = Uint8Array.of(0x98, ...Array.from({ length: 8 }, () => [tag, 0x7f, 0xff, 0xff, 0xff]).flat())
    expect(() => decodeStrict(claims)).toThrow(Malformed)
  },
)

test('PRO-10 binary, extensions, records and the type that does not exist are refused', () => {
  const tags = [0xc1, 0xc4, 0xc5, 0xc6, 0xc7, 0xc8, 0xc9, 0xd4, 0xd5, 0xd6, 0xd7, 0xd8]
  for (const tag of tags) {
    const body = new Uint8Array(24)
    body[0] = tag
    for (let length = 1; length <= body.length; length++) expect(() => decodeStrict(body.subarray(0, length))).toThrow(Malformed)
  }
  for (const value of [new Date(5), /a/, new Set([1]), new Error('e'), Buffer.from('x'), 2n ** 63n]) {
    expect(() => decodeStrict(withTypes.pack([value]))).toThrow(Malformed)
  }
  expect(() => decodeStrict(withRecords.pack([{ a: 1 }, { a: 2 }]))).toThrow(Malformed)
})

test('PRO-10 integers that a double cannot hold are refused, the largest that it can are not', () => {
  const wide = (tag: number, value: bigint) => {
    const bytes = new Uint8Array(9)
    bytes[0] = tag
    new DataView(bytes.buffer).setBigUint64(1, BigInt.asUintN(64, value))
    return bytes
  }
  const most = 2n ** 53n - 1n
  expect(decodeStrict(wide(0xcf, most))).toBe(Number(most))
  expect(decodeStrict(wide(0xd3, -most))).toBe(-Number(most))
  for (const value of [most + 1n, most + 2n, 2n ** 63n, 2n ** 64n - 1n]) expect(() => decodeStrict(wide(0xcf, value))).toThrow(Malformed)
  for (const value of [most + 1n, -most - 1n, -(2n ** 63n)]) expect(() => decodeStrict(wide(0xd3, value))).toThrow(Malformed)
})

test('PRO-10 keys are texts, and none of them reaches a prototype', () => {
  for (const key of [[0x01], [0xc0], [0xc3], [0x90], [0x80], [0xcb, 0, 0, 0, 0, 0, 0, 0, 0]]) {
    expect(() => decodeStrict(Uint8Array.of(0x81, ...key, 0x01))).toThrow(Malformed)
  }
  expect(() => decodeStrict(msgpackr.pack(JSON.parse('{"a":{"b":1}}')))).not.toThrow()
  const proto = new MsgpackWriter().map(1).string('__proto__').map(1).string('polluted').byte(1).finish()
  expect(() => decodeStrict(proto)).toThrow(Malformed)
  expect(decodeStrict(encodePlain({ constructor: 1, toString: 2 }))).toEqual({ constructor: 1, toString: 2 })
})

test('PRO-10 text that is not UTF-8 is refused, short or long, and a byte order mark is a character', () => {
  const bad = [
    [0x80],
    [0xc0, 0x80],
    [0xe0, 0x80, 0x80],
    [0xed, 0xa0, 0x80],
    [0xf8, 0x88, 0x80, 0x80, 0x80],
    [0xc3],
    [0xf0, 0x9f, 0x98],
    [0xff],
  ]
  for (const bytes of bad) {
    for (const padding of [0, 20, 100]) {
      const text = [...Array.from({ length: padding }, () => 0x61), ...bytes]
      expect(() => decodeStrict(Uint8Array.of(0xd9, text.length, ...text))).toThrow(Malformed)
    }
  }
  expect(decodeStrict(encodePlain('\uFEFFa'))).toBe('\uFEFFa')
})

test('PRO-11 a writer is as good as new after finish, and keeps what it gave out', () => {
  const writer = new MsgpackWriter(1)
  const first = writer.string('a'.repeat(1_000)).finish()
  const second = writer.value({ b: [1, null], c: undefined }).finish()
  expect(decodeStrict(first)).toBe('a'.repeat(1_000))
  expect(decodeStrict(second)).toEqual({ b: [1, null] })
  expect(writer.raw(second).raw(first, 3, 5).finish()).toEqual(Uint8Array.of(...second, 0x61, 0x61))
})

test.each([31, 32, 255, 256, 65_535, 65_536, 1_000_000])('PRO-11 a text of %i bytes is whole', (length) => {
  const text = 'x'.repeat(length - 2) + 'ä'
  expect(decodeStrict(encodePlain(text))).toBe(text)
  expect(msgpackr.unpack(encodePlain(text))).toBe(text)
})

test('PRO-11 a collection that the format would need four bytes for is a mistake', () => {
  expect(() => encodePlain(Array.from({ length: 65_536 }, () => 0))).toThrow(RangeError)
  expect(decodeStrict(encodePlain(Array.from({ length: 65_535 }, () => 0)))).toHaveLength(65_535)
})
