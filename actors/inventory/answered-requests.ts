import { entryOffset, op } from '../../protocol/entry.ts'
import type { Batch } from '../actor.ts'
import { writeAnswered } from './events.ts'
import { evolve } from './evolve.ts'
import type { InventoryState } from './inventory-state.ts'
import type { SkuState } from './sku-state.ts'

/**
 * Requests that were decided without a claim of their own: a late copy of one must not give up, order, stop or begin anything after it (G4). A copy
 * comes late where a client has asked again by another gateway while the first one stood still. Requests without an id promise nothing.
 */
export function wasAnswered(sku: SkuState, view: DataView, at: number, now: number): boolean {
  return isNamed(view, at) && sku.former.has(view.getUint32(at + entryOffset.userHash, true), hiOf(view, at), loOf(view, at), now)
}

/** Whether one more can be remembered. */
export function canNoteAnswered(sku: SkuState, view: DataView, at: number, now: number): boolean {
  return !isNamed(view, at) || !sku.former.isFull(now)
}

/**
 * The same of a request of whoever has this row, or none: who never had a claim may ask for one next, or had one that a store has lost, and no copy of what was
 * asked before may act on it. Strangers may fill but half of the memory, so that however many come, those who buy can go on.
 */
export function canNoteAnsweredOf(row: number, sku: SkuState, view: DataView, at: number, now: number): boolean {
  return row < 0 ? !isNamed(view, at) || !sku.former.isHalfFull(now) : canNoteAnswered(sku, view, at, now)
}

export function noteAnswered(state: InventoryState, sku: SkuState, batch: Batch, view: DataView, at: number): void {
  if (!isNamed(view, at)) return
  const userHash = view.getUint32(at + entryOffset.userHash, true)
  const event = writeAnswered(batch.record, sku.index, userHash, hiOf(view, at), loOf(view, at))
  evolve(state, batch.record.bytes, batch.record.view, event, batch.now)
}

function isNamed(view: DataView, at: number): boolean {
  return view.getUint32(at + entryOffset.requestHi, true) !== 0 || view.getUint32(at + entryOffset.requestLo, true) !== 0
}

function hiOf(view: DataView, at: number): number {
  return view.getUint32(at + entryOffset.requestHi, true)
}

/** With the op in it, but for `buy`: one id may be used for a `buy` and for its `checkout`. */
function loOf(view: DataView, at: number): number {
  const operation = view.getUint8(at + entryOffset.op)
  const isBuy = operation === op.buy || operation === op.reservedBuy
  return (view.getUint32(at + entryOffset.requestLo, true) ^ (isBuy ? 0 : operation << 24)) >>> 0
}
