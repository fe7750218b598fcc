import { claimState } from './claim.ts'
import { endClaim, rowOf } from './end-claim.ts'
import { eventOffset } from './events.ts'
import type { InventoryState } from './inventory-state.ts'
import { orderIdOf } from './order-ids.ts'
import { isOpen } from './order-life.ts'
import type { OpenOrder, SkuState } from './sku-state.ts'

const utf8 = new TextDecoder()

/** Part of {@link evolve}: a hold has become an order. */
export function ordered(state: InventoryState, sku: SkuState, bytes: Uint8Array, view: DataView, at: number, now: number): void {
  const { users } = sku
  const claim = view.getUint32(at + eventOffset.claim, true)
  const row = rowOf(sku, claim)
  const qty = users.qty(row)
  const payBy = view.getFloat64(at + eventOffset.payBy, true)
  sku.flow.checkedOut(users.deadline(row), qty, sku.holdClock(now), now)
  sku.flow.began(payBy - sku.orderShiftMs, qty)
  users.begin(row)
  users.setState(row, claimState.pending)
  users.setOrderTag(row, state.orderTag)
  users.setDeadline(row, payBy - sku.orderShiftMs)
  users.end(row)
  sku.held -= qty
  sku.ordered += qty
  state.wheel.add(payBy, sku.index, claim)
  sku.orders.set(claim, {
    claim,
    order: orderIdOf(sku, row),
    user: utf8.decode(users.userBytes(row)),
    qty,
    amountMinor: view.getFloat64(at + eventOffset.amountMinor, true),
    payment: utf8.decode(bytes.subarray(at + eventOffset.payment, at + view.getUint16(at, true))),
    state: claimState.pending,
    updatedAt: now,
  })
  sku.changes.change(claim)
}

/**
 * Part of {@link evolve}: the order's next state. Its units are `ordered` while it is pending and free from then on, so a payment that arrives later takes
 * them again (the decider has checked that there are some) or is on its way back.
 */
export function settled(sku: SkuState, claim: number, outcome: number, now: number): void {
  const { users } = sku
  const row = rowOf(sku, claim)
  const order = sku.orders.get(claim) ?? orderOfRow(sku, row)
  const { qty } = order
  if (users.state(row) === claimState.pending) {
    sku.flow.settled(users.deadline(row), qty, now - sku.orderShiftMs, outcome === claimState.paid, now)
    sku.ordered -= qty
    if (outcome === claimState.paid) sku.sold += qty
    else sku.available += qty
  } else if (outcome === claimState.paid) {
    sku.available -= qty
    sku.sold += qty
  }
  const open = isOpen(outcome)
  if (outcome === claimState.paid) sku.changes.holdsSold++
  else if (users.state(row) === claimState.pending) sku.changes.holdsReleased++
  sku.orders.set(claim, { ...order, state: outcome, payment: open ? order.payment : '', updatedAt: now })
  if (outcome === claimState.paid) {
    users.begin(row)
    users.setBought(row, users.bought(row) + qty)
    users.end(row)
    sku.paid.push({ claim, row, qty, orderTag: users.orderTag(row), amountMinor: order.amountMinor })
  }
  if (open) {
    users.begin(row)
    users.setState(row, outcome)
    users.end(row)
    sku.changes.change(claim)
  } else endClaim(sku, row, outcome, now)
}

/** An order that was put away with its end delivered, and goes on after all. */
function orderOfRow(sku: SkuState, row: number): OpenOrder {
  const { users } = sku
  const qty = users.qty(row)
  return {
    claim: users.claim(row),
    order: orderIdOf(sku, row),
    user: utf8.decode(users.userBytes(row)),
    qty,
    amountMinor: qty * sku.priceOf(row),
    payment: '',
    state: users.state(row),
    updatedAt: 0,
  }
}
