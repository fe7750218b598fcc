import type { Batch } from '../actor.ts'
import { claimState } from './claim.ts'
import { grantsAllowed } from './decide-claim.ts'
import { closeLobby } from './decide-draw.ts'
import { eventKind, phaseNumbers, writeGranted, writeNumbered, writePhaseSet, writeSettled } from './events.ts'
import { evolve } from './evolve.ts'
import { requestMemoryMs } from './former-requests.ts'
import { closingItem, type InventoryState, openingItem } from './inventory-state.ts'
import type { SkuState } from './sku-state.ts'

/** Deadlines, grants and forgotten claims that one batch takes, each, so that calls never wait long behind them. */
const dueMax = 4_096

/** Decides what time has brought: openings, ended holds and payments, places that are served, claims to put away. True if more is due. */
export function decideDue(state: InventoryState, batch: Batch): boolean {
  const due = state.wheel.due(batch.now, dueMax, (group, item) => {
    const sku = state.at(group)
    if (item === openingItem) open(state, sku, batch)
    else if (item === closingItem) close(state, sku, batch)
    else endDeadline(state, sku, item, batch)
  })
  let more = due === dueMax
  for (const sku of state.skus) {
    if (sku.line.size > 0 && serveLine(state, sku, batch)) more = true
    if (sku.ended.length > 0 && forget(state, sku, batch)) more = true
  }
  return more
}

function open(state: InventoryState, sku: SkuState, batch: Batch): void {
  if (sku.phase !== 'scheduled') return
  if (sku.settings.opensAt > batch.now) return state.wheel.add(sku.settings.opensAt, sku.index, openingItem)
  if (sku.draw === undefined) apply(state, batch, writePhaseSet(batch.record, sku.index, phaseNumbers.open))
  else closeLobby(state, sku, batch)
}

/** The end may have been moved since it was put into the wheel; whoever moves it puts it there again. */
function close(state: InventoryState, sku: SkuState, batch: Batch): void {
  const { closesAt = Number.POSITIVE_INFINITY } = sku.settings
  if (sku.phase !== 'closed' && closesAt <= batch.now) apply(state, batch, writePhaseSet(batch.record, sku.index, phaseNumbers.closed))
}

/** The wheel holds what a deadline once was; pauses and outages may have moved it, and the claim may have gone on since. */
function endDeadline(state: InventoryState, sku: SkuState, claim: number, batch: Batch): void {
  const { users } = sku
  const row = users.rowOf(claim)
  if (row < 0) return
  const claimIs = users.state(row)
  if (claimIs !== claimState.held && claimIs !== claimState.pending) return
  const deadline = sku.deadlineOf(row, batch.now)
  if (deadline > batch.now) {
    // While the sale is paused a hold's end moves along with the time; whoever ends the pause puts all holds back into the wheel.
    if (claimIs === claimState.pending || sku.phase !== 'paused') state.wheel.add(deadline, sku.index, claim)
    return
  }
  if (claimIs === claimState.held) apply(state, batch, writeNumbered(batch.record, eventKind.expired, sku.index, claim))
  else apply(state, batch, writeSettled(batch.record, sku.index, claim, claimState.overdue))
}

/**
 * Gives free units to the head of the line, never past it (G6); a head that can no longer be filled ends as sold out, so that nothing strands (G2).
 */
function serveLine(state: InventoryState, sku: SkuState, batch: Batch): boolean {
  let budget = dueMax
  while (sku.line.size > 0 && budget > 0) {
    const head = sku.line.first()
    const qty = qtyOf(sku, head)
    if (sku.phase === 'closed' || sku.freeable === 0) {
      const count = Math.min(sku.line.size, budget)
      apply(state, batch, writeNumbered(batch.record, eventKind.lineSoldOut, sku.index, count))
      budget -= count
    } else if (qty > sku.freeable) {
      apply(state, batch, writeNumbered(batch.record, eventKind.lineSoldOut, sku.index, 1))
      budget--
    } else if (sku.phase === 'open' && qty <= sku.available) {
      const count = fittingHeads(sku, head, Math.min(budget, grantsAllowed(sku, batch.now)))
      if (count === 0) return false
      apply(state, batch, writeGranted(batch.record, sku.index, count, batch.now + sku.settings.holdTtlMs))
      budget -= count
    } else return false
  }
  return budget === 0
}

/** How many from the head on can have their units at once. */
function fittingHeads(sku: SkuState, head: number, most: number): number {
  let free = sku.available
  let count = 0
  for (let claim = head; claim >= 0 && count < most; claim = sku.line.nextFrom(claim + 1)) {
    free -= qtyOf(sku, claim)
    if (free < 0) break
    count++
  }
  return count
}

function forget(state: InventoryState, sku: SkuState, batch: Batch): boolean {
  const count = sku.ended.countUntil(batch.now - requestMemoryMs, dueMax)
  if (count > 0) apply(state, batch, writeNumbered(batch.record, eventKind.forgotten, sku.index, count))
  return count === dueMax
}

function qtyOf(sku: SkuState, claim: number): number {
  return sku.users.qty(sku.users.rowOf(claim))
}

function apply(state: InventoryState, batch: Batch, at: number): void {
  evolve(state, batch.record.bytes, batch.record.view, at, batch.now)
}
