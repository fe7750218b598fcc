import { mix32 } from '../../protocol/hash.ts'
import { unpackInner } from '../../protocol/inner-codec.ts'
import { editedSettings, type SkuEdit } from '../../protocol/sale-change.ts'
import { claimState } from './claim.ts'
import { eventOffset } from './events.ts'
import type { InventoryState } from './inventory-state.ts'
import { learnAnew } from './open-flow.ts'
import type { SkuState } from './sku-state.ts'

/** Part of {@link evolve}: an operator has changed settings. Rows of holds and orders have their deadlines and the numbers of their prices, and keep them. */
export function edited(state: InventoryState, sku: SkuState, bytes: Uint8Array, view: DataView, at: number): void {
  const packed = bytes.slice(at + eventOffset.packed, at + view.getUint16(at, true))
  const edit = unpackInner<SkuEdit>(packed)
  const { opensAt, holdTtlMs, paymentTtlMs } = sku.settings
  sku.configure(editedSettings(sku.settings, edit))
  for (const byte of packed) sku.editDigest = mix32(Math.imul(sku.editDigest, 31) ^ byte) || 1
  const { settings } = sku
  if (edit.priceMinor !== undefined) tellHolders(sku)
  if (settings.holdTtlMs !== holdTtlMs || settings.paymentTtlMs !== paymentTtlMs) learnAnew(sku)
  if (settings.opensAt !== opensAt) state.scheduleOpening(settings)
  if (edit.closesAt !== undefined) state.scheduleClosing(sku)
  sku.changes.settings = true
}

/** What they hold costs another price now than what is offered, or the same again. */
function tellHolders({ users, changes }: SkuState): void {
  for (const row of users.rows()) if (users.state(row) === claimState.held) changes.change(users.claim(row))
}
