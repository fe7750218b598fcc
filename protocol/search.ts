import { z } from 'zod'
import { parseSaleId } from './ids.ts'
import type { ProductState, ProductSummary } from './results.ts'
import { type Checked, checkBySchema } from './schema-problems.ts'

/** What somebody looks for. All of it has to be true of what is found; without any of it everything is. */
export interface SearchQuestion {
  /** Words, of which the last may be unfinished and each may have a typing error. */
  readonly text: string
  readonly sale?: string | undefined
  readonly category?: string | undefined
  /** `onsale`: whatever is in a sale, in any state. */
  readonly state?: ProductState | 'onsale' | undefined
  /** What it costs now, in minor units, both ends included; currencies are not converted. */
  readonly priceMin?: number | undefined
  readonly priceMax?: number | undefined
  readonly skip: number
  readonly limit: number
}

export interface CategoryCount {
  readonly name: string
  readonly count: number
}

/** One page of what was found, the best first; without words those in a sale first, then in the order in which they were written. */
export interface SearchResult {
  readonly total: number
  readonly products: readonly ProductSummary[]
  /** How many there are in each category, if the question did not name one; the largest first, at most {@link categoriesToldMax}. */
  readonly categories: readonly CategoryCount[]
}

export const categoriesToldMax = 30
const textCharactersMax = 200
const skipMax = 10_000
const limitMax = 100
const limitDefault = 24

const states = ['open', 'scheduled', 'paused', 'soldout', 'none', 'onsale'] as const
const price = z.int().min(0)

const questionSchema = z.strictObject({
  text: z.string().max(textCharactersMax).default(''),
  sale: z
    .string()
    .refine((text) => parseSaleId(text) !== undefined, 'must be 1 to 48 letters, digits, dots, dashes or underscores')
    .optional(),
  category: z.string().min(1).max(60).optional(),
  state: z.enum(states, `must be ${states.slice(0, -1).join(', ')} or ${states.at(-1) ?? ''}`).optional(),
  priceMin: price.optional(),
  priceMax: price.optional(),
  skip: z.int().min(0).max(skipMax).default(0),
  limit: z.int().min(1).max(limitMax).default(limitDefault),
})

/** Checks what a client asks. */
export function checkQuestion(value: unknown): Checked<SearchQuestion> {
  return checkBySchema(questionSchema, value, 'the filters')
}

/** What an index knows of a product. */
export interface SearchDocument {
  readonly product: string
  readonly title: string
  readonly description: string
  readonly categories: readonly string[]
  /** What it costs now. */
  readonly priceMinor: number
  readonly state: ProductState
  /** The sales that it is in. */
  readonly sales: readonly string[]
}
