import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { decodeStrict } from '../protocol/msgpack-reader.ts'
import { MsgpackWriter, type Plain } from '../protocol/msgpack-writer.ts'
import { plainsOf } from '../protocol/plain-arbitrary.ts'
import { writeJsonParams } from './json-params.ts'

/** The params as msgpack says them, or undefined if they were left to the decoder. */
function written(json: string): Plain | undefined {
  const writer = new MsgpackWriter(1)
  const before = writer.string('before').length
  if (!writeJsonParams(Buffer.from(json), writer)) {
    expect(writer.length).toBe(before)
    return undefined
  }
  return decodeStrict(writer.bytes, before, writer.length)
}

test.each([
  '["bench",1,"r-00000001"]',
  '[ "bench" , 12 ,\n"r" ]\t',
  '[0]',
  '[""]',
  `["${'x'.repeat(31)}","${'y'.repeat(32)}","${'z'.repeat(255)}"]`,
  '["a","b","c","d",1,2,3,127]',
])('GW-46 %s is written without being decoded', (json) => {
  expect(written(json)).toEqual(JSON.parse(json))
})

test.each([
  '[]',
  '[128]',
  '[-1]',
  '[1.5]',
  '[1e2]',
  '["ä"]',
  '["\\n"]',
  '[null]',
  '[["a"]]',
  `["${'x'.repeat(256)}"]`,
  '[1,2,3,4,5,6,7,8,9]',
  '{}',
  '"a"',
])('GW-46 %s is right, but left to the decoder', (json) => {
  expect(() => void JSON.parse(json)).not.toThrow()
  expect(written(json)).toBe(undefined)
})

test.each(['', '[', '[01]', '[1', '[1,]', '[,1]', '["a', '["a" "b"]', '["a"] 1', '[1]]', '["\t"]', '\u00a0[1]'])(
  'GW-46 %j is wrong, and left to the decoder to say so',
  (json) => {
    expect(() => void JSON.parse(json)).toThrow(SyntaxError)
    expect(written(json)).toBe(undefined)
  },
)

test('GW-46 what is written is what a decoder finds, whatever the bytes', () => {
  const broken = fc
    .tuple(fc.array(fc.oneof(fc.nat(140), fc.string({ maxLength: 8 })), { maxLength: 9 }), fc.nat(), fc.string({ maxLength: 3 }))
    .map(([params, at, patch]) => {
      const json = JSON.stringify(params)
      const from = at % (json.length + 1)
      return json.slice(0, from) + patch + json.slice(from + patch.length)
    })
  const texts = fc.oneof(
    broken,
    plainsOf(3).map((value) => JSON.stringify(value)),
  )
  fc.assert(
    fc.property(texts, (json) => {
      const params = written(json)
      if (params !== undefined) expect(params).toEqual(JSON.parse(json))
    }),
    { numRuns: 2_000 },
  )
})
