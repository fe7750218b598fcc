import { mix32 } from './hash.ts'

/** Names of things. Each id is a plain string with a brand, so that one kind cannot be passed for another. */
export type UserId = string & { readonly brand: 'user' }
export type SkuId = string & { readonly brand: 'sku' }
export type SaleId = string & { readonly brand: 'sale' }
/** What a shop sells at all, under one SKU or several, in sales and between them. */
export type ProductId = string & { readonly brand: 'product' }
export type RequestId = string & { readonly brand: 'request' }
/** `<sku>:<incarnation><tag>:<claim>`; the SKU in front routes the order to its shard without an index. */
export type OrderId = string & { readonly brand: 'order' }

export const userBytesMax = 64
export const skuBytesMax = 48
export const requestBytesMax = 64

const nameOf48 = /^[A-Za-z0-9._-]{1,48}$/
const visibleAscii = /^[\x21-\x7e]+$/
// No leading zero in the claim: an order has one name.
const orderOf = /^([A-Za-z0-9._-]{1,48}):([a-z0-9]{1,12}):(0|[1-9a-z][a-z0-9]{0,7})$/

const utf8 = new TextEncoder()

/** A user id is 1 to 64 bytes of UTF-8 without control characters. */
export function parseUserId(text: unknown): UserId | undefined {
  if (typeof text !== 'string' || text.length === 0 || text.length > userBytesMax) return undefined
  if (hasControl(text) || !text.isWellFormed()) return undefined
  // No character takes more than three bytes per unit of the string, so most ids need not be encoded to be measured.
  if (text.length * 3 > userBytesMax && utf8.encode(text).length > userBytesMax) return undefined
  return text as UserId
}

/** A SKU id is 1 to 48 letters, digits, dots, dashes or underscores. */
export function parseSkuId(text: unknown): SkuId | undefined {
  return typeof text === 'string' && nameOf48.test(text) ? (text as SkuId) : undefined
}

/** A sale id follows the rule of SKU ids. */
export function parseSaleId(text: unknown): SaleId | undefined {
  return typeof text === 'string' && nameOf48.test(text) ? (text as SaleId) : undefined
}

/** A product id follows the rule of SKU ids. */
export function parseProductId(text: unknown): ProductId | undefined {
  return typeof text === 'string' && nameOf48.test(text) ? (text as ProductId) : undefined
}

/** A request id is 1 to 64 visible ASCII characters, unique for its user. */
export function parseRequestId(text: unknown): RequestId | undefined {
  return typeof text === 'string' && text.length <= requestBytesMax && visibleAscii.test(text) ? (text as RequestId) : undefined
}

export interface OrderParts {
  readonly sku: SkuId
  /** Of the SKU, and behind it the tag of the epoch in which it was ordered: {@link formatOrderTag}. */
  readonly incarnation: string
  readonly claim: number
}

export function formatOrderId(parts: OrderParts): OrderId {
  return `${parts.sku}:${parts.incarnation}:${parts.claim.toString(36)}` as OrderId
}

export function parseOrderId(text: unknown): OrderParts | undefined {
  const match = typeof text === 'string' ? orderOf.exec(text) : null
  if (match === null) return undefined
  const [, sku, incarnation, claim] = match
  const number = Number.parseInt(claim ?? '', 36)
  if (sku === undefined || incarnation === undefined || number > 0xffff_ffff) return undefined
  return { sku: sku as SkuId, incarnation, claim: number }
}

/**
 * Tells the orders of two epochs apart: a store that loses its newest records makes the next owner give the same claim numbers out again, and what was
 * charged for an order that is lost must not pass for the payment of another one. 0 stands for no tag.
 */
export function orderTag(epoch: number): number {
  return mix32(mix32(Math.floor(epoch / 0x1_0000_0000)) ^ (epoch % 0x1_0000_0000)) % orderTags
}

/** As it stands in an order's id; empty for 0. */
export function formatOrderTag(tag: number): string {
  return tag === 0 ? '' : tag.toString(36).padStart(orderTagChars, '0')
}

const orderTagChars = 6
const orderTags = 36 ** orderTagChars

function hasControl(text: string): boolean {
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (code < 0x20 || (code >= 0x7f && code < 0xa0)) return true
  }
  return false
}
