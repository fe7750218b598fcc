import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { codes } from './codes.ts'
import {
  decodeJsonMessage,
  decodeMessage,
  type Message,
  messageOf,
  plainRefusal,
  writeError,
  writeNotification,
  writeRequest,
  writeResult,
} from './envelope.ts'
import { depthMax, Malformed } from './msgpack-reader.ts'
import { MsgpackWriter, type Plain } from './msgpack-writer.ts'
import { asJson, nearly, plainsOf } from './plain-arbitrary.ts'

const msgids = fc.nat(0xffff_ffff)
const methods = fc.string({ minLength: 1, maxLength: 64 })
// A message is two arrays around each of its params and one around its result.
const results = plainsOf(depthMax - 2)
const paramLists = fc.array(plainsOf(depthMax - 3), { maxLength: 5 })

test('PRO-12 a message that is written is read as the same, in msgpack and in JSON', () => {
  const writer = new MsgpackWriter()
  fc.assert(
    fc.property(msgids, methods, paramLists, results, (msgid, method, params, result) => {
      writeRequest(writer, msgid, method, params)
      const request = { kind: 'request', msgid, method, params: asJson(params) }
      expect(asJson(decodeMessage(writer.finish()))).toEqual(request)
      expect(decodeJsonMessage(JSON.stringify([0, msgid, method, params]))).toEqual(request)
      writeResult(writer, msgid, result)
      expect(asJson(decodeMessage(writer.finish()))).toEqual({ kind: 'response', msgid, error: null, result: asJson(result) })
      writeNotification(writer, method, params)
      expect(asJson(decodeMessage(writer.finish()))).toEqual({ kind: 'notification', method, params: asJson(params) })
    }),
    { numRuns: 200 },
  )
})

test('PRO-12 a refusal keeps code, text and time', () => {
  const writer = new MsgpackWriter()
  for (const code of codes) {
    for (const error of [
      { code, message: 'grüße' },
      { code, message: '', retryAfterMs: 250 },
    ]) {
      writeError(writer, 7, error)
      const response = { kind: 'response', msgid: 7, error, result: null }
      expect(decodeMessage(writer.finish())).toEqual(response)
      expect(decodeJsonMessage(JSON.stringify([1, 7, plainRefusal(error), null]))).toEqual(response)
    }
  }
})

test('PRO-13 an error of a newer server, or of none of ours, is the vaguest one that this side knows', () => {
  const errorIn = (error: Plain) => {
    const message = messageOf([1, 1, error, null])
    return message.kind === 'response' ? message.error : undefined
  }
  expect(errorIn({ code: 'MOON_PHASE', message: 'wait' })).toEqual({ code: 'UNAVAILABLE', message: 'wait' })
  expect(errorIn({})).toEqual({ code: 'UNAVAILABLE', message: 'UNAVAILABLE' })
  expect(errorIn({ code: 'BUSY', message: 5, retryAfterMs: 'soon' })).toEqual({ code: 'BUSY', message: 'BUSY' })
  expect(errorIn({ code: 'toString', message: 'x' })).toEqual({ code: 'UNAVAILABLE', message: 'x' })
})

const shapes: readonly (readonly [string, Plain])[] = [
  ['nil', null],
  ['a number', 5],
  ['a text', 'buy'],
  ['a map', { 0: 0, 1: 1, 2: 'buy', 3: [], length: 4 }],
  ['an empty array', []],
  ['an unknown type', [3, 1, 'buy', []]],
  ['a type that is a text', ['0', 1, 'buy', []]],
  ['a request without params', [0, 1, 'buy']],
  ['a request with too much', [0, 1, 'buy', [], []]],
  ['a request whose params are a map', [0, 1, 'buy', {}]],
  ['a negative msgid', [0, -1, 'buy', []]],
  ['a msgid with a fraction', [0, 1.5, 'buy', []]],
  ['a msgid of more than 32 bits', [0, 2 ** 32, 'buy', []]],
  ['a msgid that is a text', [0, '1', 'buy', []]],
  ['a method that is empty', [0, 1, '', []]],
  ['a method that is too long', [0, 1, 'x'.repeat(65), []]],
  ['a method that is a number', [0, 1, 1, []]],
  ['a response without a result', [1, 1, null]],
  ['a response whose error is a text', [1, 1, 'no', null]],
  ['a response whose error is a list', [1, 1, [], null]],
  ['a notification with a msgid', [2, 1, 'line', []]],
  ['a notification without params', [2, 'line']],
]

test.each(shapes)('PRO-14 %s is no message', (_, value) => {
  expect(() => messageOf(value)).toThrow(Malformed)
  expect(() => decodeMessage(new MsgpackWriter().value(value).finish())).toThrow(Malformed)
  expect(() => decodeJsonMessage(JSON.stringify(value))).toThrow(Malformed)
})

test('PRO-14 text that is not JSON is no message', () => {
  for (const text of ['', '[', '[0,1,"buy",[]', 'undefined', '[0,1,"buy",[]]x', '\uFEFF[0,1,"buy",[]]', "[0,1,'buy',[]]"]) {
    expect(() => decodeJsonMessage(text)).toThrow(Malformed)
  }
})

test('PRO-15 JSON nests no deeper than msgpack does', () => {
  const nested = (depth: number) => `[0,1,"buy",${'['.repeat(depth)}${']'.repeat(depth)}]`
  expect(() => decodeJsonMessage(nested(depthMax - 1))).not.toThrow()
  for (const depth of [depthMax, depthMax + 1, 100, 100_000]) expect(() => decodeJsonMessage(nested(depth))).toThrow(Malformed)
  expect(() => decodeJsonMessage(`[0,1,"buy",[${'{"a":'.repeat(9)}1${'}'.repeat(9)}]]`)).toThrow(Malformed)
})

test('PRO-15 JSON that msgpack could not say is no message: half a pair, a prototype', () => {
  for (const param of [String.raw`"\uD800"`, String.raw`"a\uDC00b"`, String.raw`{"\uD800":1}`, '{"__proto__":{"polluted":1}}']) {
    expect(() => decodeJsonMessage(`[0,1,"buy",[${param}]]`)).toThrow(Malformed)
  }
  expect(() => decodeJsonMessage(String.raw`[0,1,"buy",["\uD83D\uDE00",{"constructor":1}]]`)).not.toThrow()
})

test('PRO-14 bytes and texts of any kind are a message or Malformed, and nothing else', () => {
  const requests = fc.tuple(msgids, methods, paramLists).map(([msgid, method, params]) => {
    const writer = new MsgpackWriter()
    writeRequest(writer, msgid, method, params)
    return writer.finish()
  })
  const anyOf = /^(request|response|notification|malformed)$/
  fc.assert(
    fc.property(nearly(requests), (bytes) => {
      expect(kindOf(() => decodeMessage(bytes))).toMatch(anyOf)
      expect(kindOf(() => decodeJsonMessage(new TextDecoder('latin1').decode(bytes)))).toMatch(anyOf)
    }),
    { numRuns: 1_000 },
  )
  fc.assert(
    fc.property(fc.json(), (text) => {
      expect(kindOf(() => decodeJsonMessage(text))).toMatch(anyOf)
    }),
  )
})

function kindOf(decode: () => Message): string {
  try {
    return decode().kind
  } catch (error) {
    if (error instanceof Malformed) return 'malformed'
    throw error
  }
}
