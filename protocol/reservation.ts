import type { SaleId, SkuId } from './ids.ts'

/** What a gateway asks a user's session for, before a `buy` in a sale with a limit of its own. */
export interface ReserveRequest {
  readonly sku: SkuId
  readonly sale: SaleId
  readonly qty: number
  /** Units one user may have of all SKUs of the sale. */
  readonly limit: number
}

/** What the session has set aside for the `buy`; number 0 says that the limit leaves nothing. */
export interface ReservedUnits {
  readonly number: number
  readonly qty: number
}
