import { z } from 'zod'
import { parseProductId, parseSaleId, parseSkuId, type ProductId, type SaleId, type SkuId } from './ids.ts'

/** What operators decide about one SKU of a sale; journaled with it and public. Times in ms, money in minor units, stock in units. */
export interface SkuSettings {
  readonly sku: SkuId
  readonly sale: SaleId
  readonly saleTitle: string
  /** What of the catalogue is sold under this SKU; without it the product of the SKU's own name. */
  readonly product?: ProductId
  readonly title: string
  readonly description: string
  readonly image: string
  readonly priceMinor: number
  readonly currency: string
  /** Units put in at creation; later ones come by restock. */
  readonly stock: number
  readonly opensAt: number
  /** When it is closed by itself; absent for never. */
  readonly closesAt?: number
  /** Units one user may hold, have on order or have bought, all together. */
  readonly perUserMax: number
  /** The same of all SKUs of the sale together. Sales without such a limit leave it out: their buys take the short way. */
  readonly saleLimitPerUser?: number
  readonly holdTtlMs: number
  /** From checkout until an order that is not settled gives its units back. */
  readonly paymentTtlMs: number
  /** People the line takes before `LINE_FULL`. */
  readonly lineMax: number
  /** Users this SKU remembers at most, waiting, buying or done. */
  readonly usersMax: number
  /** Holds given out per second, newcomers included; 0 is no limit. */
  readonly grantsPerSecond: number
  /** A place in line survives so long without a connection of its user; 0 is for ever. Absent in the settings of older versions, for that. */
  readonly absenceMs?: number
  /** What is wholly given back of a paid order goes on sale again; else its units stay sold. Absent in the settings of older versions, for no. */
  readonly refundRestocks?: boolean
  /** It no longer counts against its user's limit. Absent for yes. */
  readonly refundFreesLimit?: boolean
  /** The order of those who come before the opening is drawn. */
  readonly draw?: DrawPlan | undefined
}

export interface DrawPlan {
  /** A round that nobody can know before the opening; without one, the operator could. */
  readonly beacon?: { readonly source: string; readonly round: number } | undefined
  /** After which the draw goes on without it. */
  readonly beaconWaitMs: number
}

const units = (least: number) => z.int().min(least).max(1_000_000_000)
const ms = z.int().min(1_000).max(86_400_000)
/** Long enough for a phone that is in a tunnel, and for a page that is closed by mistake. */
const absenceMsDefault = 300_000
const absenceMs = z.union([z.literal(0), ms], 'must be 0 for never, or 1000 to 86400000 ms')
export const skuIdRule = z
  .string()
  .refine((text) => parseSkuId(text) !== undefined, 'must be 1 to 48 letters, digits, dots, dashes or underscores')
const productId = z
  .string()
  .refine((text) => parseProductId(text) !== undefined, 'must be 1 to 48 letters, digits, dots, dashes or underscores')
export const saleIdRule = z
  .string()
  .refine((text) => parseSaleId(text) !== undefined, 'must be 1 to 48 letters, digits, dots, dashes or underscores')

const drawSchema = z.strictObject({
  beacon: z.strictObject({ source: z.string().min(1).max(120), round: z.int().min(0) }).optional(),
  beaconWaitMs: ms.default(60_000),
})

/** A time is ms since 1970 or ISO 8601. */
export const timeRule = z.union([z.int().min(0), z.iso.datetime({ offset: true }).transform((text) => Date.parse(text))])
export const titleRule = z.string().min(1).max(120)

/** What may be written of the settings that can be changed later (sale-change.ts). */
export const skuRules = {
  title: titleRule,
  description: z.string().max(500),
  image: z.string().max(300),
  priceMinor: z.int().min(0).max(1_000_000_000_000),
  perUserMax: z.int().min(1).max(1_000),
  holdTtlMs: ms,
  paymentTtlMs: ms,
  lineMax: units(0),
  usersMax: z.int().min(1).max(16_000_000),
  grantsPerSecond: z.int().min(0).max(1_000_000),
  refundRestocks: z.boolean(),
  refundFreesLimit: z.boolean(),
}

const skuFileSchema = z.strictObject({
  sku: skuIdRule,
  product: productId.exactOptional(),
  title: skuRules.title,
  description: skuRules.description.default(''),
  image: skuRules.image.default(''),
  priceMinor: skuRules.priceMinor,
  currency: z
    .string()
    .regex(/^[A-Z]{3}$/, 'must be a currency code of three capital letters')
    .default('EUR'),
  stock: units(0),
  perUserMax: skuRules.perUserMax.default(1),
  holdTtlMs: skuRules.holdTtlMs.default(120_000),
  paymentTtlMs: skuRules.paymentTtlMs.default(600_000),
  lineMax: skuRules.lineMax.default(2_000_000),
  usersMax: skuRules.usersMax.default(16_000_000),
  grantsPerSecond: skuRules.grantsPerSecond.default(0),
  absenceMs: absenceMs.exactOptional(),
  // Without defaults: a sale file that does not name them makes the settings that it always made.
  refundRestocks: skuRules.refundRestocks.exactOptional(),
  refundFreesLimit: skuRules.refundFreesLimit.exactOptional(),
  draw: drawSchema.optional(),
})

/** A sale as operators write it: `sale.create` takes this, and so does `sluice sale create --file`. */
export const saleFileSchema = z
  .strictObject({
    sale: saleIdRule,
    title: titleRule,
    opensAt: timeRule,
    closesAt: timeRule.exactOptional(),
    saleLimitPerUser: z.int().min(1).max(1_000).optional(),
    /** Of every SKU that does not say it of itself. */
    absenceMs: absenceMs.default(absenceMsDefault),
    skus: z
      .array(skuFileSchema)
      .min(1)
      .max(500)
      .refine((skus) => new Set(skus.map((sku) => sku.sku)).size === skus.length, 'names a SKU twice'),
  })
  .refine(({ opensAt, closesAt = Infinity }) => closesAt > opensAt, { path: ['closesAt'], error: 'must be after opensAt' })

export type SaleFile = z.output<typeof saleFileSchema>
/** A sale file before defaults are filled in. */
export type SaleFileInput = z.input<typeof saleFileSchema>

/** The settings of each SKU in a checked sale file. */
export function settingsOfSale(file: SaleFile): readonly SkuSettings[] {
  return file.skus.map(({ product, ...sku }) => ({
    ...sku,
    sku: sku.sku as SkuId,
    ...(product === undefined ? {} : { product: product as ProductId }),
    sale: file.sale as SaleId,
    saleTitle: file.title,
    opensAt: file.opensAt,
    ...(file.closesAt === undefined ? {} : { closesAt: file.closesAt }),
    absenceMs: sku.absenceMs ?? file.absenceMs,
    ...(file.saleLimitPerUser === undefined ? {} : { saleLimitPerUser: file.saleLimitPerUser }),
  }))
}

/** The product that is sold under the SKU. */
export function productOf({ sku, product }: SkuSettings): ProductId {
  // Both kinds of name follow one rule.
  return product ?? (sku as string as ProductId)
}
