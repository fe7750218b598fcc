import { checkBySchema } from './schema-problems.ts'
import { type SaleFile, saleFileSchema } from './sku-settings.ts'

export type CheckedSale =
  | { readonly kind: 'sale'; readonly sale: SaleFile }
  | { readonly kind: 'problems'; readonly problems: readonly string[] }

/** Checks what an operator wrote. Each problem is one line that names its place: `skus[0].stock: must be at least 0`. */
export function checkSale(value: unknown): CheckedSale {
  const checked = checkBySchema(saleFileSchema, value, 'the sale')
  return checked.kind === 'value' ? { kind: 'sale', sale: checked.value } : checked
}
