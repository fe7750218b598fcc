import { z } from 'zod'
import { frameKind, frameVersion } from './frame.ts'
import { parseProductId, type ProductId } from './ids.ts'
import { type Checked, checkBySchema } from './schema-problems.ts'

/**
 * What operators write about a product: words, pictures, categories, and its usual price. What it costs in a sale, and how many there are, the
 * sale says (sku-settings.ts).
 */
export interface Product {
  readonly product: ProductId
  readonly title: string
  readonly description: string
  /** Addresses, the first of which stands for the product in lists. */
  readonly pictures: readonly string[]
  readonly categories: readonly string[]
  readonly priceMinor: number
  readonly currency: string
}

/** A product at most takes a quarter of the largest RPC message. */
const descriptionCharactersMax = 4_000
const listMax = 12

const line = (most: number) =>
  z
    .string()
    .min(1)
    .max(most)
    .refine((text) => !/\p{Cc}/u.test(text), 'must have no control characters')

const productSchema = z.strictObject({
  product: z.string().refine((text) => parseProductId(text) !== undefined, 'must be 1 to 48 letters, digits, dots, dashes or underscores'),
  title: line(120),
  description: z.string().max(descriptionCharactersMax).default(''),
  pictures: z.array(line(300)).max(listMax).default([]),
  categories: z
    .array(line(60))
    .max(listMax)
    .refine((names) => new Set(names).size === names.length, 'names a category twice')
    .default([]),
  priceMinor: z.int().min(0).max(1_000_000_000_000),
  currency: z
    .string()
    .regex(/^[A-Z]{3}$/, 'must be a currency code of three capital letters')
    .default('EUR'),
})

/** Checks what an operator wrote, filling in defaults. */
export function checkProduct(value: unknown): Checked<Product> {
  const checked = checkBySchema(productSchema, value, 'the product')
  return checked.kind === 'value' ? { kind: 'value', value: { ...checked.value, product: checked.value.product as ProductId } } : checked
}

/** Products in one call. */
export const productsPerCallMax = 100

/** Tells gateways that products have changed; which ones they read where they are kept. */
export const catalogueNews = Uint8Array.of(frameVersion, frameKind.catalogue)

export function isCatalogueNews(frame: Uint8Array): boolean {
  return frame[0] === frameVersion && frame[1] === frameKind.catalogue
}
