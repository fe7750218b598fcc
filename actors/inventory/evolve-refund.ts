import { claimState } from './claim.ts'
import { eventOffset, refundFlag } from './events.ts'
import { orderIdBy } from './order-ids.ts'
import { type Refund, refundKey } from './refunds.ts'
import type { SkuState } from './sku-state.ts'

const utf8 = new TextDecoder()

/** So much of the order is on its way back from now on. */
export function refundBegun(sku: SkuState, bytes: Uint8Array, view: DataView, at: number, now: number): void {
  const refund = readRefund(sku, bytes, view, at, 'open', now)
  const slot = sku.paid.find(refund.claim, refund.orderTag)
  if (slot >= 0) sku.paid.ask(slot, refund.amountMinor)
  sku.refunds.put(refund)
}

/** It has gone back, or the provider has refused it. With the last of its money the order is `refunded`; its units stay sold unless the event says otherwise. */
export function refundEnded(sku: SkuState, bytes: Uint8Array, view: DataView, at: number, now: number): void {
  const flags = bytes[at + eventOffset.refundFlags] as number
  const isDone = (flags & refundFlag.done) !== 0
  const refund = readRefund(sku, bytes, view, at, isDone ? 'done' : 'refused', now)
  const { claim, qty, amountMinor, orderMinor, refundedMinor } = refund
  const wasRefused = sku.refunds.find(refundKey(refund))?.state === 'refused'
  sku.refunds.put(refund)
  if ((flags & refundFlag.restocked) !== 0) {
    sku.sold -= qty
    sku.available += qty
  }
  const slot = sku.paid.find(claim, refund.orderTag)
  if (slot < 0) return
  if (!isDone) return sku.paid.ask(slot, -amountMinor)
  // The provider may give back after all what it had refused.
  if (wasRefused) sku.paid.ask(slot, amountMinor)
  sku.paid.refund(slot, amountMinor)
  const { row } = sku.paid.at(slot)
  const { users } = sku
  users.begin(row)
  const isFreed = (flags & refundFlag.limitFreed) !== 0
  if (isFreed) users.setReturned(row, users.returned(row) + qty)
  if (users.claim(row) === claim && refundedMinor >= orderMinor) users.setState(row, claimState.refunded)
  users.end(row)
  if (isFreed && sku.settings.saleLimitPerUser !== undefined) sku.reservations.free(refund.user, now)
  sku.changes.change(claim)
}

export function refundTold(sku: SkuState, view: DataView, at: number): void {
  const claim = view.getUint32(at + eventOffset.claim, true)
  const requestHi = view.getUint32(at + eventOffset.toldHi, true)
  const requestLo = view.getUint32(at + eventOffset.toldLo, true)
  for (const refund of sku.refunds.inOutbox()) {
    if (refund.claim !== claim || refund.requestHi !== requestHi || refund.requestLo !== requestLo) continue
    sku.refunds.told(refundKey(refund))
    return
  }
}

function readRefund(sku: SkuState, bytes: Uint8Array, view: DataView, at: number, state: Refund['state'], now: number): Refund {
  const claim = view.getUint32(at + eventOffset.claim, true)
  const orderTag = view.getUint32(at + eventOffset.orderTag, true)
  const userAt = at + eventOffset.refundUser
  return {
    claim,
    order: orderIdBy(sku, claim, orderTag),
    user: utf8.decode(bytes.subarray(userAt, userAt + (bytes[at + eventOffset.userBytes] as number))),
    qty: view.getUint16(at + eventOffset.qty, true),
    orderMinor: view.getFloat64(at + eventOffset.orderMinor, true),
    orderTag,
    amountMinor: view.getFloat64(at + eventOffset.refundMinor, true),
    requestHi: view.getUint32(at + eventOffset.requestHi, true),
    requestLo: view.getUint32(at + eventOffset.requestLo, true),
    state,
    refundedMinor: view.getFloat64(at + eventOffset.refundedMinor, true),
    updatedAt: now,
  }
}
