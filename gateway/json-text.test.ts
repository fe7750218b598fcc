import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { encodePlain, type Plain } from '../protocol/msgpack-writer.ts'
import { plainsOf } from '../protocol/plain-arbitrary.ts'
import { JsonText } from './json-text.ts'

/** Written behind and before other bytes. */
function textOf(value: Plain, json = new JsonText()): string | undefined {
  const bytes = encodePlain(value)
  return json.of(Uint8Array.of(0xc1, ...bytes, 0xc1), 1, bytes.length + 1)
}

const answers: readonly Plain[] = [
  { state: 'held', hold: 4_294_967_295, qty: 1, expiresAt: 1_790_000_000_123 },
  { state: 'queued', ticket: 12, ahead: 0, eta: [1, 20], odds: 'likely' },
  { state: 'none' },
  [],
  {},
  [true, false, null, 0, 9, 10, 127, 128, 255, 256, 65_535, 65_536, 2 ** 32, 2 ** 53 - 1],
  'x'.repeat(255),
]

test.each(answers.map((answer) => ({ answer })))('GW-47 $answer becomes JSON without being decoded', ({ answer }) => {
  expect(textOf(answer)).toBe(JSON.stringify(answer))
})

const others: readonly Plain[] = [
  -1,
  0.5,
  'ä',
  'a "quoted" word',
  'back\\slash',
  { 1: 'one' },
  { '': 1 },
  'x'.repeat(256),
  [[[[[[[[[1]]]]]]]]],
]

test.each(others.map((answer) => ({ answer })))('GW-47 $answer is left to the decoder', ({ answer }) => {
  expect(textOf(answer)).toBe(undefined)
})

test('GW-47 what is longer than the room for it is left to the decoder, and the next answer is not disturbed', () => {
  const json = new JsonText()
  expect(
    textOf(
      Array.from({ length: 15 }, () => 'x'.repeat(200)),
      json,
    ),
  ).toBe(undefined)
  expect(
    textOf(
      Array.from({ length: 10 }, () => 'x'.repeat(200)),
      json,
    )?.length,
  ).toBe(2_031)
  expect(
    textOf(
      Array.from({ length: 15 }, () => ({ a: 'x'.repeat(255) })),
      json,
    ),
  ).toBe(undefined)
  expect(textOf([1], json)).toBe('[1]')
})

test('GW-47 what becomes JSON is what JSON.stringify makes of it', () => {
  const json = new JsonText()
  fc.assert(
    fc.property(plainsOf(4), (value) => {
      const text = textOf(value, json)
      if (text !== undefined) expect(text).toBe(JSON.stringify(value))
    }),
    { numRuns: 2_000 },
  )
})

test('GW-47 bytes that are no whole value are left to the decoder', () => {
  const json = new JsonText()
  const bytes = encodePlain({ state: 'held', hold: 70_000, list: [300, 'text'] })
  for (let to = 0; to < bytes.length; to++) expect(json.of(bytes, 0, to)).toBe(undefined)
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 40 }), (rubbish) => {
      const text = json.of(rubbish, 0, rubbish.length)
      if (text !== undefined) expect(() => void JSON.parse(text)).not.toThrow()
    }),
    { numRuns: 2_000 },
  )
})
