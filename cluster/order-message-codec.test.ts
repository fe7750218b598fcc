import fc from 'fast-check'
import { expect, test } from 'vitest'
import { formatOrderId, parseSkuId } from '../protocol/ids.ts'
import { orderContent } from './order-message-codec.ts'
import type { QueuedOrder } from './queue.ts'

const { messages } = orderContent
const texts = fc.string({ unit: 'binary', maxLength: 100 })
const units = fc.nat({ max: 2 ** 31 })
const orders: fc.Arbitrary<QueuedOrder> = fc
  .record({
    claim: fc.nat(),
    user: texts,
    qty: units,
    amountMinor: units,
    currency: texts,
    payment: texts,
    kind: fc.constantFrom('charge' as const, 'refund' as const),
    puts: fc.integer({ min: 1, max: 2 ** 31 }),
  })
  .map(({ claim, ...rest }) => {
    const sku = parseSkuId('phone')
    if (sku === undefined) throw new Error('not a SKU')
    return { order: formatOrderId({ sku, incarnation: 'abc', claim }), ...rest }
  })

test('NAT-50 an order and a dead letter are read as they were written', () => {
  fc.assert(
    fc.property(texts, orders, fc.nat({ max: 100 }), texts, (id, order, attempts, reason) => {
      expect(messages.decode(messages.encode({ id, order }))).toEqual({ id, order })
      const letter = { id, order, attempts: attempts + 1, reason }
      expect(messages.decodeLetter(messages.encodeLetter(letter))).toEqual(letter)
    }),
  )
})

test('NAT-51 what a newer version added is overlooked; another version, or what is no order, is not read', () => {
  const plain: unknown = JSON.parse(
    Buffer.from(messages.encode({ id: 'o', order: fc.sample(orders, { numRuns: 1, seed: 1 })[0] ?? failed() })).toString(),
  )
  const read = (changes: object) => messages.decode(Buffer.from(JSON.stringify(Object.assign({}, plain, changes))))
  expect(read({ more: 1 })).toEqual(read({}))
  expect(read({})).toMatchObject({ id: 'o' })
  const { puts: _, ...older } = read({})?.order ?? failed()
  expect(read({ order: older })?.order, 'from before it was told').toEqual({ ...older, puts: 1 })
  for (const changes of [{ v: 2 }, { id: 7 }, { order: null }, { order: { order: 'phone' } }]) expect(read(changes)).toBe(undefined)
  for (const bytes of ['', '{', 'null', '[]', '\xff']) expect(messages.decode(Buffer.from(bytes, 'latin1'))).toBe(undefined)
})

function failed(): never {
  throw new Error('no sample')
}
