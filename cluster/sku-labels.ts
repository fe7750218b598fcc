/**
 * SKUs whose numbers are told one by one. Those of the rest are added up in series without the label `sku`, so that a catalogue of any size
 * keeps the metrics page small, and nothing that happens in it goes unseen.
 */
export const skusToldMax = 250

interface Told {
  readonly sku: string
  /** Something can happen to it now. */
  readonly isLive: boolean
}

/**
 * The label of each SKU: its own, or none for what is beyond {@link skusToldMax}. Live ones come first, then the alphabet decides, so that every process
 * chooses alike. Cost: nothing up to the limit, beyond it a sort.
 */
export function skuLabels(skus: readonly Told[]): (sku: string) => { readonly sku?: string } {
  if (skus.length <= skusToldMax) return (sku) => ({ sku })
  const byRank = skus.toSorted((a, b) => Number(b.isLive) - Number(a.isLive) || (a.sku < b.sku ? -1 : 1))
  const told = new Set(byRank.slice(0, skusToldMax).map(({ sku }) => sku))
  return (sku) => (told.has(sku) ? { sku } : {})
}
