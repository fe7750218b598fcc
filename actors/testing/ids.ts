import { parseSaleId, parseSkuId, type SaleId, type SkuId } from '../../protocol/ids.ts'

/** Ids for tests; a text that is no id is a mistake in the test. */
export function skuId(text: string): SkuId {
  return idOf(parseSkuId(text), text)
}

export function saleId(text: string): SaleId {
  return idOf(parseSaleId(text), text)
}

function idOf<T>(id: T | undefined, text: string): T {
  if (id === undefined) throw new Error(`${text} is no id`)
  return id
}
