import { z } from 'zod'
import { formatOrderId, type OrderId, parseOrderId, parseSkuId, type SkuId } from './ids.ts'

/** An order's id among what is checked with zod. */
export const orderIdSchema = z.string().transform((text, context): OrderId => {
  const parts = parseOrderId(text)
  if (parts !== undefined) return formatOrderId(parts)
  context.addIssue({ code: 'custom', message: 'no order id' })
  return z.NEVER
})

export const skuIdSchema = z.string().transform((text, context): SkuId => {
  const sku = parseSkuId(text)
  if (sku !== undefined) return sku
  context.addIssue({ code: 'custom', message: 'no SKU' })
  return z.NEVER
})
