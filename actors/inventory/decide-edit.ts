import { unpackInner } from '../../protocol/inner-codec.ts'
import { differenceTo, type EditedSetting, editedSettings, isSetting, type SkuEdit } from '../../protocol/sale-change.ts'
import type { Batch } from '../actor.ts'
import { canNoteAnswered, noteAnswered, wasAnswered } from './answered-requests.ts'
import type { OwnedSku } from './decide-claim.ts'
import { effectsOf } from './edit-effects.ts'
import { writeEdited } from './events.ts'
import { evolve } from './evolve.ts'
import { pricesMax } from './sku-prices.ts'
import type { SkuState } from './sku-state.ts'

/** What `sale.update` asks of one SKU. */
export interface EditWish {
  readonly sale: string
  readonly edit: SkuEdit
  /** Only tells what it would do. */
  readonly preview: boolean
}

const fullRetryMs = 1_000

/**
 * `edit`: other settings, for a SKU that may be running. The answer is what changes, with whom each change concerns; a preview has the same answer and changes
 * nothing. Settings that are so already are no change, so repeating it is harmless. (SPEC EDT-1 to EDT-8)
 */
export function decideEdit(owned: OwnedSku, batch: Batch, view: DataView, at: number, payload: Uint8Array): void {
  const { sku } = owned
  const wish = unpackInner<EditWish>(payload)
  if (sku.settings.sale !== wish.sale)
    return batch.replies.refuse(view, at, 'FORBIDDEN', undefined, `SKU ${sku.settings.sku} is in sale ${sku.settings.sale}.`)
  // A copy that comes after another change must not take that back.
  if (!wish.preview && wasAnswered(sku, view, at, batch.now)) return batch.replies.result(view, at, [])
  const edit = differenceTo(sku.settings, wish.edit)
  const problem = problemOf(sku, edit, batch.now)
  if (problem !== undefined) return batch.replies.refuse(view, at, 'FORBIDDEN', undefined, `${sku.settings.sku}: ${problem}.`)
  const changes = effectsOf(sku, edit).map((change) => ({ ...change }))
  if (wish.preview) return batch.replies.result(view, at, changes)
  if (!canNoteAnswered(sku, view, at, batch.now)) return batch.replies.refuse(view, at, 'BUSY', fullRetryMs)
  if (changes.length > 0) {
    const event = writeEdited(batch.record, sku.index, edit)
    evolve(owned.state, batch.record.bytes, batch.record.view, event, batch.now)
  }
  noteAnswered(owned.state, sku, batch, view, at)
  batch.replies.result(view, at, changes)
}

/** Why the SKU cannot take these settings as it stands. */
function problemOf(sku: SkuState, edit: SkuEdit, now: number): string | undefined {
  const late = sku.phase === 'closed' ? Object.keys(edit).find((name) => isSetting(name) && !afterEnd.has(name)) : undefined
  if (late !== undefined) return `${late} cannot be changed, for the sale is closed`
  if (edit.opensAt !== undefined) {
    if (sku.phase !== 'scheduled') return `opensAt cannot be changed, for the sale is ${sku.phase}`
    // Whoever knows the beacon's value, or could choose it, would know the order of the line before it is closed.
    if (sku.draw !== undefined) return 'opensAt cannot be changed, for its draw has been announced for that time'
  }
  const { opensAt, closesAt = Number.POSITIVE_INFINITY } = editedSettings(sku.settings, edit)
  if ((edit.opensAt !== undefined || edit.closesAt !== undefined) && closesAt <= opensAt) return 'closesAt must be after opensAt'
  if (edit.closesAt !== undefined && closesAt <= now) return 'closesAt is over already; to end the sale now, close it'
  if (edit.priceMinor !== undefined && !sku.prices.hasRoomFor(edit.priceMinor))
    return `priceMinor has had ${pricesMax} values, and no more can be kept`
  return undefined
}

/** What a page shows, and what becomes of refunds, matters when the sale is over too. */
const afterEnd: ReadonlySet<EditedSetting> = new Set(['saleTitle', 'title', 'description', 'image', 'refundRestocks', 'refundFreesLimit'])
