import { z } from 'zod'
import type { SaleId, SkuId } from './ids.ts'
import type { SettingValue } from './results.ts'
import { checkBySchema } from './schema-problems.ts'
import { saleIdRule, skuIdRule, skuRules, type SkuSettings, timeRule, titleRule } from './sku-settings.ts'

/** Settings of one SKU that take others' place, while the sale runs too; journaled as it is. */
export interface SkuEdit {
  readonly saleTitle?: string
  readonly opensAt?: number
  /** Null for never. */
  readonly closesAt?: number | null
  readonly title?: string
  readonly description?: string
  readonly image?: string
  readonly priceMinor?: number
  readonly perUserMax?: number
  readonly holdTtlMs?: number
  readonly paymentTtlMs?: number
  readonly lineMax?: number
  readonly usersMax?: number
  readonly grantsPerSecond?: number
  readonly refundRestocks?: boolean
  readonly refundFreesLimit?: boolean
}

export type EditedSetting = keyof SkuEdit

const fixedSkuSettings: ReadonlyMap<string, string> = new Map([
  ['currency', 'holds and orders are in it'],
  ['stock', 'units are added by sku.restock'],
  ['product', 'the catalogue and its offers go by it'],
  ['draw', 'it has been announced'],
  ['absenceMs', 'the people in line were promised it'],
])
const fixedSaleSettings: ReadonlyMap<string, string> = new Map([
  ['saleLimitPerUser', 'what users have was set aside against it'],
  ['absenceMs', 'the people in line were promised it'],
])

const skuEditSchema = z.strictObject({
  sku: skuIdRule,
  title: skuRules.title.exactOptional(),
  description: skuRules.description.exactOptional(),
  image: skuRules.image.exactOptional(),
  priceMinor: skuRules.priceMinor.exactOptional(),
  perUserMax: skuRules.perUserMax.exactOptional(),
  holdTtlMs: skuRules.holdTtlMs.exactOptional(),
  paymentTtlMs: skuRules.paymentTtlMs.exactOptional(),
  lineMax: skuRules.lineMax.exactOptional(),
  usersMax: skuRules.usersMax.exactOptional(),
  grantsPerSecond: skuRules.grantsPerSecond.exactOptional(),
  refundRestocks: skuRules.refundRestocks.exactOptional(),
  refundFreesLimit: skuRules.refundFreesLimit.exactOptional(),
})

/** A change as operators write it: `sale.update` takes this, and so does `sluice sale update --file`. What it does not name stays as it is. */
export const saleChangeSchema = z.strictObject({
  sale: saleIdRule,
  title: titleRule.exactOptional(),
  opensAt: timeRule.exactOptional(),
  closesAt: timeRule.nullable().exactOptional(),
  skus: z
    .array(skuEditSchema)
    .max(500)
    .refine((skus) => new Set(skus.map((sku) => sku.sku)).size === skus.length, 'names a SKU twice')
    .default([]),
})

/** A change before defaults are filled in. */
export type SaleChangeInput = z.input<typeof saleChangeSchema>

export interface SaleChange {
  readonly sale: SaleId
  /** Of every SKU of the sale. */
  readonly ofAll: SkuEdit
  readonly ofSku: ReadonlyMap<SkuId, SkuEdit>
}

export type CheckedChange =
  | { readonly kind: 'change'; readonly change: SaleChange }
  | { readonly kind: 'problems'; readonly problems: readonly string[] }

/** Checks what an operator wrote. Each problem is one line that names its place, and why what is known there cannot be changed. */
export function checkSaleChange(value: unknown): CheckedChange {
  const fixed = fixedIn(value)
  if (fixed.length > 0) return { kind: 'problems', problems: fixed }
  const checked = checkBySchema(saleChangeSchema, value, 'the change')
  if (checked.kind === 'problems') return checked
  const { sale, title, skus, ...times } = checked.value
  const ofAll: SkuEdit = { ...times, ...(title === undefined ? {} : { saleTitle: title }) }
  const ofSku = new Map(skus.map(({ sku, ...edit }) => [sku as SkuId, edit]))
  if (Object.keys(ofAll).length === 0 && [...ofSku.values()].every((edit) => Object.keys(edit).length === 0))
    return { kind: 'problems', problems: ['the change: names nothing that is to be changed'] }
  return { kind: 'change', change: { sale: sale as SaleId, ofAll, ofSku } }
}

/** The change as {@link checkSaleChange} takes it. */
export function changeInput({ sale, ofAll, ofSku }: SaleChange): SaleChangeInput {
  const { saleTitle, ...times } = ofAll
  const skus = Array.from(ofSku, ([sku, edit]) => ({ sku, ...edit }))
  return { sale, ...times, ...(saleTitle === undefined ? {} : { title: saleTitle }), skus }
}

/** The settings with what the edit names in their place. */
export function editedSettings(settings: SkuSettings, edit: SkuEdit): SkuSettings {
  const { closesAt: known, ...others } = settings
  const { closesAt = known ?? null, ...edited } = edit
  return { ...others, ...edited, ...(closesAt === null ? {} : { closesAt }) }
}

/** What of the edit is not so already. */
export function differenceTo(settings: SkuSettings, edit: SkuEdit): SkuEdit {
  return Object.fromEntries(Object.entries(edit).filter(([name, value]) => isSetting(name) && valueOf(settings, name) !== value))
}

/** What a setting is; null for an end that is not set, and refunds as they are without word of them. */
export function valueOf(settings: SkuSettings, name: EditedSetting): SettingValue {
  switch (name) {
    case 'closesAt':
      return settings.closesAt ?? null
    case 'refundRestocks':
      return settings.refundRestocks ?? false
    case 'refundFreesLimit':
      return settings.refundFreesLimit ?? true
    default:
      return settings[name]
  }
}

const editedNames: ReadonlySet<string> = new Set(['saleTitle', 'opensAt', 'closesAt', ...Object.keys(skuRules)])

export function isSetting(name: string): name is EditedSetting {
  return editedNames.has(name)
}

function fixedIn(value: unknown): readonly string[] {
  if (!isObject(value)) return []
  const skus = Array.isArray(value['skus']) ? (value['skus'] as readonly unknown[]) : []
  return [
    ...problemsOf(value, fixedSaleSettings, ''),
    ...skus.flatMap((sku, at) => (isObject(sku) ? problemsOf(sku, fixedSkuSettings, `skus[${at}].`) : [])),
  ]
}

function problemsOf(fields: object, fixed: ReadonlyMap<string, string>, place: string): readonly string[] {
  return Object.keys(fields).flatMap((name) => {
    const why = fixed.get(name)
    return why === undefined ? [] : [`${place}${name}: cannot be changed, for ${why}`]
  })
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
