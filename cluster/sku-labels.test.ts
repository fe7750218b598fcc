import { expect, test } from 'vitest'
import { skuLabels, skusToldMax } from './sku-labels.ts'

function numbered(count: number, isLive: (i: number) => boolean): { readonly sku: string; readonly isLive: boolean }[] {
  return Array.from({ length: count }, (_, i) => ({ sku: `sku-${String(i).padStart(4, '0')}`, isLive: isLive(i) }))
}

test('OBS-3 up to the limit every SKU has its own label', () => {
  const skus = numbered(skusToldMax, () => false)
  const labelsOf = skuLabels(skus)
  for (const { sku } of skus) expect(labelsOf(sku)).toEqual({ sku })
})

test('OBS-3 beyond the limit those on sale keep theirs, then the alphabet decides, and the rest has none', () => {
  const skus = numbered(skusToldMax + 10, (i) => i >= skusToldMax)
  const labelsOf = skuLabels(skus.toReversed())
  const without = skus.filter(({ sku }) => labelsOf(sku).sku === undefined).map(({ sku }) => sku)
  expect(without).toEqual(skus.slice(skusToldMax - 10, skusToldMax).map(({ sku }) => sku))
})
