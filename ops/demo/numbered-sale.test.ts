import { expect, test } from 'vitest'
import { numberedSale, numberOfSale, readDemoSale } from './numbered-sale.ts'

test('DEMO-8 the demo sells what its file says, under numbered names', async () => {
  const template = await readDemoSale()
  expect(numberedSale(template, 1, 5)).toEqual({ ...template, opensAt: 5 })
  const third = numberedSale(template, 3, 5)
  expect(third.sale).toBe(`${template.sale}-3`)
  expect(third.skus.map(({ sku }) => sku)).toEqual(template.skus.map(({ sku }) => `${sku}-3`))
  expect(third.skus.map(({ product }) => product)).toEqual(template.skus.map(({ sku }) => sku))
})

test('DEMO-8 a numbered name is told from other names', async () => {
  const template = await readDemoSale()
  const { sale } = template
  const numbers = [sale, `${sale}-2`, `${sale}-31`, `${sale}-1`, `${sale}-02`, `${sale}-0`, `${sale}-x`, `${sale}2`, 'other', 'other-2']
  expect(numbers.map((name) => numberOfSale(template, name))).toEqual([1, 2, 31, ...Array.from({ length: 7 }, () => undefined)])
})
