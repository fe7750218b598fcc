import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { formatOrderId, parseOrderId, parseRequestId, parseSaleId, parseSkuId, parseUserId } from './ids.ts'

const notTexts = [undefined, null, 0, 5, true, {}, [], ['shoe'], { toString: () => 'shoe' }]

test.each([
  [
    'user',
    parseUserId,
    ['a', 'anna@shop.example', 'a b', 'Žofie', '用户', '😀', 'x'.repeat(64), 'ä'.repeat(32)],
    ['', 'x'.repeat(65), 'ä'.repeat(33)],
  ],
  ['sku', parseSkuId, ['a', 'air-max_97.red', 'X'.repeat(48)], ['', 'x'.repeat(49), 'a b', 'ä', 'a/b', 'a:b', 'a\n', '\na']],
  ['sale', parseSaleId, ['a', 'drop-2026', 'X'.repeat(48)], ['', 'x'.repeat(49), 'a b', 'ä', 'a\n']],
  ['request', parseRequestId, ['a', '!', '~', 'x'.repeat(64)], ['', 'x'.repeat(65), 'a b', 'ä', 'a\n', '\u007f']],
] as const)('PRO-1 a %s id is taken as it is, or not at all', (_, parse, good, bad) => {
  for (const text of good) expect(parse(text)).toBe(text)
  for (const text of [...bad, ...notTexts]) expect(parse(text)).toBeUndefined()
})

test('PRO-1 a user id has no control character and no half of a pair', () => {
  for (const text of ['a\u0000', '\u001f', 'a\u007f', '\u0085', 'a\uD83D', '\uDE00a']) expect(parseUserId(text)).toBeUndefined()
})

test('PRO-2 an order id names its SKU, its incarnation and its claim', () => {
  const skus = fc.stringMatching(/^[A-Za-z0-9._-]{1,48}$/)
  const incarnations = fc.stringMatching(/^[a-z0-9]{1,12}$/)
  fc.assert(
    fc.property(skus, incarnations, fc.nat(0xffff_ffff), (text, incarnation, claim) => {
      const sku = parseSkuId(text)
      if (sku === undefined) throw new Error(`${text} is no SKU id`)
      const id = formatOrderId({ sku, incarnation, claim })
      expect(parseOrderId(id)).toEqual({ sku, incarnation, claim })
    }),
  )
})

test('PRO-2 what is no order id is refused, and no order has two names', () => {
  const bad = ['', 'shoe', 'shoe:a', 'shoe:a:', ':a:1', 'shoe::1', 'shoe:A:1', 'shoe:a:A', 'shoe:a:1:2', 'shoe:a:1\n', ' shoe:a:1']
  const tooLarge = `shoe:a:${(2 ** 32).toString(36)}`
  const secondName = 'shoe:a:01'
  for (const text of [...bad, tooLarge, secondName, ...notTexts]) expect(parseOrderId(text)).toBeUndefined()
  expect(parseOrderId('shoe:a:0')).toEqual({ sku: 'shoe', incarnation: 'a', claim: 0 })
})
