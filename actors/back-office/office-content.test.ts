import { expect, test } from 'vitest'
import { formatOrderId } from '../../protocol/ids.ts'
import { orderStateNames } from '../inventory/claim.ts'
import type { EndedOrder } from '../inventory/ended-order.ts'
import { skuId } from '../testing/ids.ts'
import { officeContent } from './office-content.ts'

const { messages } = officeContent
const sku = skuId('shoe')
const order = formatOrderId({ sku, incarnation: 'x1', claim: 1 })
const news = { sku, claim: 1, user: 'Änn 😀', order, qty: 2, amountMinor: 9_800, currency: 'EUR', updatedAt: 1_700_000_000_000 }

test('OFF-14 an end is read as it was written, whatever state it is', () => {
  for (const state of Object.values(orderStateNames)) {
    if (state === undefined) continue
    const ended: EndedOrder = { ...news, state, end: `${order}/${state}/1` }
    expect(messages.decode(messages.encode({ id: 'i', order: ended }))).toEqual({ id: 'i', order: ended })
  }
})

test('OFF-14 what is no end of an order is not read', () => {
  const plain = { ...news, state: 'paid', end: 'e' }
  for (const wrong of [{ state: 'sold' }, { order: 'shoe' }, { sku: 'a b' }, { end: 7 }, { qty: -1 }, { updatedAt: null }]) {
    const text = JSON.stringify({ v: 1, id: 'i', order: { ...plain, ...wrong } })
    expect(messages.decode(Buffer.from(text)), text).toBe(undefined)
  }
})
