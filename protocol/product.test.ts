import { expect, test } from 'vitest'
import { checkProduct } from './product.ts'

const lamp = { product: 'lamp', title: 'Lamp', priceMinor: 9_900 }

test('CAT-14 a product needs a name, a title and a price', () => {
  expect(checkProduct(lamp)).toEqual({
    kind: 'value',
    value: { ...lamp, description: '', pictures: [], categories: [], currency: 'EUR' },
  })
})

test.each([
  [{ ...lamp, product: 'a b' }, 'product: must be 1 to 48 letters, digits, dots, dashes or underscores'],
  [{ ...lamp, title: '' }, 'title: must not be empty'],
  [{ ...lamp, title: 'two\nlines' }, 'title: must have no control characters'],
  [{ ...lamp, description: 'x'.repeat(4_001) }, 'description: must have at most 4000 characters'],
  [{ ...lamp, pictures: 'a.svg' }, 'pictures: must be a list'],
  [{ ...lamp, categories: ['a', 'a'] }, 'categories: names a category twice'],
  [{ ...lamp, priceMinor: 9.5 }, 'priceMinor: must be a whole number'],
  [{ ...lamp, priceMinor: -1 }, 'priceMinor: must be at least 0'],
  [{ ...lamp, currency: 'euro' }, 'currency: must be a currency code of three capital letters'],
  [{ ...lamp, stock: 5 }, 'the product: has a field that is not known: stock'],
  [{ product: 'lamp' }, 'title: is missing'],
  ['lamp', 'the product: must be an object'],
])('CAT-14 %j is refused: %s', (value, problem) => {
  const checked = checkProduct(value)
  expect(checked.kind === 'problems' ? checked.problems[0] : '').toBe(problem)
})
