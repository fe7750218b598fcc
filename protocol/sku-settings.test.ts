import { expect, test } from 'vitest'
import { saleFileSchema, settingsOfSale } from './sku-settings.ts'

const sku = { sku: 'shoe', title: 'Shoe', priceMinor: 9_900, stock: 10 }
const sale = { sale: 'drop', title: 'Drop', opensAt: 1_790_000_000_000, skus: [sku] }

test('PRO-27 a sale file needs little, and the rest has a default', () => {
  expect(settingsOfSale(saleFileSchema.parse(sale))).toEqual([
    {
      sku: 'shoe',
      sale: 'drop',
      saleTitle: 'Drop',
      title: 'Shoe',
      description: '',
      image: '',
      priceMinor: 9_900,
      currency: 'EUR',
      stock: 10,
      opensAt: 1_790_000_000_000,
      perUserMax: 1,
      holdTtlMs: 120_000,
      paymentTtlMs: 600_000,
      lineMax: 2_000_000,
      usersMax: 16_000_000,
      grantsPerSecond: 0,
      absenceMs: 300_000,
    },
  ])
})

test('PRO-27 how long a place survives its user’s absence is said by the SKU, else by the sale', () => {
  const file = saleFileSchema.parse({ ...sale, absenceMs: 60_000, skus: [sku, { ...sku, sku: 'sock', absenceMs: 0 }] })
  expect(settingsOfSale(file).map((one) => one.absenceMs)).toEqual([60_000, 0])
  for (const absenceMs of [1, 999, -1, 86_400_001, 1_000.5, null]) {
    expect(saleFileSchema.safeParse({ ...sale, absenceMs }).success).toBe(false)
    expect(saleFileSchema.safeParse({ ...sale, skus: [{ ...sku, absenceMs }] }).success).toBe(false)
  }
})

test('PRO-27 a limit for all SKUs of a sale goes into the settings of each, and of none where there is no such limit', () => {
  const settings = settingsOfSale(saleFileSchema.parse({ ...sale, saleLimitPerUser: 3, skus: [sku, { ...sku, sku: 'sock' }] }))
  expect(settings.map((one) => one.saleLimitPerUser)).toEqual([3, 3])
  for (const saleLimitPerUser of [0, 1_001, 1.5, null, '3'])
    expect(saleFileSchema.safeParse({ ...sale, saleLimitPerUser }).success).toBe(false)
})

test('PRO-27 a time may be written for people', () => {
  expect(saleFileSchema.parse({ ...sale, opensAt: '2026-11-27T09:00:00+01:00' }).opensAt).toBe(Date.UTC(2026, 10, 27, 8))
  for (const opensAt of ['tomorrow', '2026-11-27', '2026-11-27T09:00:00', -1, 1.5])
    expect(saleFileSchema.safeParse({ ...sale, opensAt }).success).toBe(false)
})

test.each([
  ['a field that does not exist', { ...sale, colour: 'red' }],
  ['a SKU field that does not exist', { ...sale, skus: [{ ...sku, colour: 'red' }] }],
  ['no SKU', { ...sale, skus: [] }],
  ['a SKU twice', { ...sale, skus: [sku, sku] }],
  ['more SKUs than fit', { ...sale, skus: Array.from({ length: 501 }, (_, n) => ({ ...sku, sku: `s${n}` })) }],
  ['a SKU id with a space', { ...sale, skus: [{ ...sku, sku: 'a b' }] }],
  ['a sale id with a slash', { ...sale, sale: 'a/b' }],
  ['a negative stock', { ...sale, skus: [{ ...sku, stock: -1 }] }],
  ['half a unit', { ...sale, skus: [{ ...sku, stock: 0.5 }] }],
  ['a price with a fraction', { ...sale, skus: [{ ...sku, priceMinor: 99.5 }] }],
  ['a currency in small letters', { ...sale, skus: [{ ...sku, currency: 'eur' }] }],
  ['a limit of nothing per user', { ...sale, skus: [{ ...sku, perUserMax: 0 }] }],
  ['a hold of no time', { ...sale, skus: [{ ...sku, holdTtlMs: 0 }] }],
  ['no file at all', null],
])('PRO-27 a sale file with %s is refused', (_, file) => {
  expect(saleFileSchema.safeParse(file).success).toBe(false)
})
