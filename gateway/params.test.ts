import { expect, test } from 'vitest'
import { Malformed } from '../protocol/msgpack-reader.ts'
import type { Plain } from '../protocol/msgpack-writer.ts'
import { Params } from './params.ts'

test('GW-40 params are read in their order, and what may be left out may be nil', () => {
  const params = new Params(['anna', 'lamp', 3, null])
  expect([params.user(), params.sku(), params.integer('qty', 1, 1_000, 1), params.requestId()]).toEqual(['anna', 'lamp', 3, undefined])
  expect(() => params.end()).not.toThrow()
  const short = new Params(['lamp'])
  expect([short.sku(), short.integer('qty', 1, 1_000, 1), short.requestId()]).toEqual(['lamp', 1, undefined])
  expect(() => short.end()).not.toThrow()
})

test('GW-40 a param too many is refused with how many there may be', () => {
  const params = new Params(['lamp', 'surplus'])
  params.sku()
  expect(() => params.end()).toThrow(new Malformed('takes 1 params, not 2'))
})

const nothingElse: readonly Plain[] = [null, true, 17, [], {}, ['lamp'], { sku: 'lamp' }]

test.each([...nothingElse, '', 'a b', 'a/b', 'ä', 'a'.repeat(49), 'a\u0000', '../etc'])('GW-41 %j is no SKU', (value) => {
  expect(() => new Params([value]).sku()).toThrow(Malformed)
  expect(() => new Params([value]).sale()).toThrow(Malformed)
})

test.each([...nothingElse, '', 'a\n', '\u0000', 'é'.repeat(33), 'a'.repeat(65), '\ud800', '\u0085'])('GW-41 %j is no user', (value) => {
  expect(() => new Params([value]).user()).toThrow(Malformed)
})

test.each(['anna', 'Ann Müller', 'é'.repeat(32), '💡', 'a'.repeat(64), "'; drop table users; --"])('GW-41 %j is a user', (value) => {
  expect(new Params([value]).user()).toBe(value)
})

test.each([0, -1, 1_001, 1.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53, '1', true, [1], {}])('GW-41 %j is no quantity', (value) => {
  expect(() => new Params([value]).integer('qty', 1, 1_000, 1)).toThrow(new Malformed('param 1 (qty) must be an integer from 1 to 1000'))
})

test.each([17, true, [], {}, '', 'a b', 'ä', 'a'.repeat(65)])('GW-41 %j is no request id', (value) => {
  expect(() => new Params([value]).requestId()).toThrow(Malformed)
})

test.each([...nothingElse, '', 'tok ok', 'ä', 'a'.repeat(201)])('GW-41 %j is no payment token', (value) => {
  expect(() => new Params([value]).payment()).toThrow(Malformed)
})

test.each([...nothingElse, '', 'lamp', 'lamp:a1', 'lamp:a1:z:z', ':a1:z', 'lamp:A1:z', 'lamp:a1:zzzzzzzz'])(
  'GW-41 %j is no order',
  (value) => {
    expect(() => new Params([value]).order()).toThrow(Malformed)
  },
)

test('GW-41 an order names its SKU, incarnation and claim', () => {
  expect(new Params(['lamp:a1:z']).order()).toEqual({ id: 'lamp:a1:z', parts: { sku: 'lamp', incarnation: 'a1', claim: 35 } })
})

test('GW-41 the text of a refusal names the param by its place and by its name', () => {
  const params = new Params(['lamp', 'three'])
  params.sku()
  expect(() => params.integer('qty', 1, 5, 1)).toThrow('param 2 (qty) must be an integer from 1 to 5')
})
