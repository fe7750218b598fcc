import type { CallResult } from '../cluster/call-codec.ts'
import type { Calls } from '../cluster/calls.ts'
import { op } from '../protocol/entry.ts'
import type { SkuId } from '../protocol/ids.ts'
import { packInner } from '../protocol/inner-codec.ts'
import type { Plain } from '../protocol/msgpack-writer.ts'
import type { SettingChange } from '../protocol/results.ts'
import { checkSaleChange, type SaleChange, type SkuEdit } from '../protocol/sale-change.ts'
import type { ChangeContent } from './audit-content.ts'
import type { Call } from './method.ts'
import type { Views } from './views.ts'

export interface SaleUpdateParts {
  readonly calls: Calls
  readonly views: Views
}

/** A preview changes nothing. */
export const updateContent: ChangeContent = ([change = null, preview, requestId]) =>
  preview === true ? undefined : { params: { change }, ...(typeof requestId === 'string' ? { requestId } : {}) }

/**
 * `sale.update`: other settings for a sale, while it runs too. First every SKU is asked what it would do, so that mostly all change or none; a preview ends there.
 * Repeating it after a failure in the middle completes it. (SPEC EDT-10 to EDT-14)
 */
export async function updateSale(parts: SaleUpdateParts, call: Call): Promise<void> {
  const checked = checkSaleChange(call.params.any())
  const preview = call.params.flag('preview', false)
  const requestId = call.params.requestId()
  call.params.end()
  if (checked.kind === 'problems') return call.refuse('MALFORMED', checked.problems.join('; '))
  const { change } = checked
  const skus = [...parts.views.all()].filter((view) => view.settings.sale === change.sale).map((view) => view.settings.sku)
  if (skus.length === 0) return call.refuse('UNKNOWN_SALE')
  const stranger = [...change.ofSku.keys()].find((sku) => !skus.includes(sku))
  if (stranger !== undefined) return call.refuse('UNKNOWN_SKU', `SKU ${stranger} is not in sale ${change.sale}.`)
  const edits = skus.map((sku) => [sku, { ...change.ofAll, ...change.ofSku.get(sku) }] as const).filter(([, edit]) => namesAny(edit))
  const would = await askEach(parts, change, edits, true)
  const no = would.find(({ error }) => error !== null)?.error
  if (no) return call.refusal(no)
  const done = preview ? would : await askEach(parts, change, edits, false, requestId)
  const changes = done.flatMap(({ result }) => result ?? []).map((one) => ({ ...one }))
  call.changed(valuesOf(changes, 'before'), valuesOf(changes, 'after'))
  const failed = done.find(({ error }) => error !== null)?.error
  if (failed) return call.refusal(failed)
  // Whoever has changed a sale sees it changed at once, by this gateway.
  if (!preview)
    await Promise.all([...new Set(edits.map(([sku]) => parts.calls.shardOfText(sku)))].map((shard) => parts.views.refresh(shard)))
  call.result({ sale: change.sale, preview, changes })
}

function askEach(
  { calls }: SaleUpdateParts,
  { sale }: SaleChange,
  edits: readonly (readonly [SkuId, SkuEdit])[],
  preview: boolean,
  requestId?: string,
): Promise<readonly CallResult<readonly SettingChange[]>[]> {
  return Promise.all(
    edits.map(([sku, edit]) =>
      calls.request<readonly SettingChange[]>('inv', calls.shardOfText(sku), {
        op: op.edit,
        sku,
        payload: packInner({ sale, edit, preview }),
        ...(requestId === undefined ? {} : { requestId }),
      }),
    ),
  )
}

/** `{lamp: {priceMinor: 4900}}` */
function valuesOf(changes: readonly SettingChange[], side: 'before' | 'after'): Plain {
  const bySku = new Map<string, Record<string, Plain>>()
  for (const change of changes) bySku.set(change.sku, { ...bySku.get(change.sku), [change.setting]: change[side] })
  return Object.fromEntries(bySku)
}

function namesAny(edit: SkuEdit): boolean {
  return Object.keys(edit).length > 0
}
