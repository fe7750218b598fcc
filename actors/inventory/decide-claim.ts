import type { Code } from '../../protocol/codes.ts'
import { entryHeadBytes, entryOffset } from '../../protocol/entry.ts'
import { claimKind, noClaim } from '../../protocol/frame.ts'
import type { Plain } from '../../protocol/msgpack-writer.ts'
import type { Batch } from '../actor.ts'
import { canNoteAnswered, canNoteAnsweredOf, noteAnswered, wasAnswered } from './answered-requests.ts'
import { claimKindOf, describeClaim, writeHeld, writeQueued } from './claim-answer.ts'
import { claimState, isLive, isOrder } from './claim.ts'
import { eventKind, writeClaimed, writeNumbered } from './events.ts'
import { evolve, grantBurstMs } from './evolve.ts'
import type { InventoryState } from './inventory-state.ts'
import type { RefusedRequests } from './refused-requests.ts'
import type { SkuOutlook } from './sku-outlook.ts'
import type { SkuRates } from './sku-rates.ts'
import type { SkuState } from './sku-state.ts'

/** A SKU with what its owner knows besides the journaled state. */
export interface OwnedSku {
  readonly state: InventoryState
  readonly sku: SkuState
  readonly rates: SkuRates
  readonly line: SkuOutlook
  readonly refused: RefusedRequests
}

/**
 * `buy`, in this order: the same request again (the same answer), a live claim (its state), the phase, the limit, units.
 * Free units and nobody waiting make a hold, anything that can still come free makes a ticket, otherwise `SOLD_OUT`. `most`: units that this call may
 * take, or why none (decide-reserved.ts). (SPEC INV-1 to INV-6)
 */
export function decideBuy(owned: OwnedSku, batch: Batch, bytes: Uint8Array, view: DataView, at: number, most: number): void {
  const { sku } = owned
  const { users, settings } = sku
  const userHash = view.getUint32(at + entryOffset.userHash, true)
  const userBytes = bytes[at + entryOffset.userBytes] as number
  const userFrom = at + entryHeadBytes + (bytes[at + entryOffset.skuBytes] as number)
  const requestHi = view.getUint32(at + entryOffset.requestHi, true)
  const requestLo = view.getUint32(at + entryOffset.requestLo, true)
  const qty = view.getUint16(at + entryOffset.qty, true)
  const row = users.find(userHash, bytes, userFrom, userBytes)

  if (row >= 0) {
    const sameRequest = (requestHi !== 0 || requestLo !== 0) && users.requestHi(row) === requestHi && users.requestLo(row) === requestLo
    if (sameRequest || sku.former.has(userHash, requestHi, requestLo, batch.now)) return answerClaim(owned, batch, view, at, row)
    if (isLive(users.state(row))) {
      // It gets the claim of another request, and no copy of it may begin one when that has ended. Beyond what can be remembered it is told all the same.
      if (canNoteAnswered(sku, view, at, batch.now)) noteAnswered(owned.state, sku, batch, view, at)
      return answerClaim(owned, batch, view, at, row)
    }
  }
  if (!owned.refused.isEmpty && (requestHi !== 0 || requestLo !== 0)) {
    const code = owned.refused.find(sku.index, userHash, requestHi, requestLo, batch.now)
    if (code !== undefined) return batch.replies.refuse(view, at, code)
  }
  if (row >= 0) {
    if (users.bought(row) - users.returned(row) + qty > settings.perUserMax) return refuseForGood(owned, batch, view, at, 'LIMIT_REACHED')
    if (sku.former.isFull(batch.now)) return batch.replies.refuse(view, at, 'BUSY', fullRetryMs)
  }
  const isEarly = sku.phase === 'scheduled'
  if (isEarly && sku.draw === undefined) return batch.replies.refuse(view, at, 'NOT_OPEN', Math.max(1, settings.opensAt - batch.now))
  if (sku.phase === 'paused') return batch.replies.refuse(view, at, 'PAUSED', pausedRetryMs)
  if (sku.phase === 'closed') return refuseForGood(owned, batch, view, at, 'CLOSED')
  if (qty > most) return refuseBeyond(owned, batch, view, at, most)
  if (qty > sku.freeable) return refuseForGood(owned, batch, view, at, 'SOLD_OUT')
  if (row < 0 && users.count >= settings.usersMax) return batch.replies.refuse(view, at, 'BUSY', 5_000)

  const claim = sku.lastClaim + 1
  const { record } = batch
  if (!isEarly && qty <= sku.available && sku.line.size === 0 && grantsAllowed(sku, batch.now) > 0) {
    const expiresAt = batch.now + settings.holdTtlMs
    const event = writeClaimed(record, eventKind.held, sku.index, claim, expiresAt, bytes, view, at)
    evolve(owned.state, record.bytes, record.view, event, batch.now)
    writeHeld(batch.replies.begin(view, at), claim, qty, expiresAt)
    batch.replies.end(claim, claimKind.hold)
    return
  }
  if ((sku.draw?.people ?? 0) + sku.line.size >= settings.lineMax) return batch.replies.refuse(view, at, 'LINE_FULL', 5_000)
  const event = writeClaimed(record, isEarly ? eventKind.lobbied : eventKind.queued, sku.index, claim, 0, bytes, view, at)
  evolve(owned.state, record.bytes, record.view, event, batch.now)
  if (isEarly) return answerClaim(owned, batch, view, at, sku.users.rowOf(claim))
  writeQueued(batch.replies.begin(view, at), sku, owned.line.outlook, claim, sku.line.size - 1)
  batch.replies.end(claim, claimKind.ticket)
}

/** `claim`: the user's current state for this SKU. */
export function decideClaim(owned: OwnedSku, batch: Batch, bytes: Uint8Array, view: DataView, at: number): void {
  answerClaim(owned, batch, view, at, rowOfEntry(owned.sku, bytes, view, at))
}

/** `leave`: gives up the ticket, or releases the hold; an order stays, and is what the answer says, settled or not. (SPEC INV-7) */
export function decideLeave(owned: OwnedSku, batch: Batch, bytes: Uint8Array, view: DataView, at: number): void {
  const { sku } = owned
  const row = rowOfEntry(sku, bytes, view, at)
  const state = row < 0 ? claimState.none : sku.users.state(row)
  if (wasAnswered(sku, view, at, batch.now)) return answerClaim(owned, batch, view, at, row)
  if (!canNoteAnsweredOf(row, sku, view, at, batch.now)) return batch.replies.refuse(view, at, 'BUSY', fullRetryMs)
  if (state === claimState.queued || state === claimState.held || state === claimState.lobby) {
    const { record } = batch
    const event = writeNumbered(record, eventKind.left, sku.index, sku.users.claim(row))
    evolve(owned.state, record.bytes, record.view, event, batch.now)
  }
  // Also where there was nothing to give up: a copy must not give up what the user gets next.
  noteAnswered(owned.state, sku, batch, view, at)
  if (isOrder(state)) return answerClaim(owned, batch, view, at, row)
  batch.replies.begin(view, at).nil().map(1).string('state').string('none')
  batch.replies.end(row < 0 ? noClaim : sku.users.claim(row), claimKind.none)
}

/** Grants that `grantsPerSecond` allows at this moment. */
export function grantsAllowed(sku: SkuState, now: number): number {
  const rate = sku.settings.grantsPerSecond
  if (rate === 0) return Number.MAX_SAFE_INTEGER
  const from = Math.max(sku.nextGrantAt, now - grantBurstMs)
  return now < from ? 0 : Math.floor(((now - from) * rate) / 1000) + 1
}

export function rowOfEntry(sku: SkuState, bytes: Uint8Array, view: DataView, at: number): number {
  const userFrom = at + entryHeadBytes + (bytes[at + entryOffset.skuBytes] as number)
  return sku.users.find(view.getUint32(at + entryOffset.userHash, true), bytes, userFrom, bytes[at + entryOffset.userBytes] as number)
}

export function answerClaim(owned: OwnedSku, batch: Batch, view: DataView, at: number, row: number): void {
  const { users } = owned.sku
  const claim: Plain = { ...describeClaim(owned.sku, owned.line.outlook, row, batch.now) }
  batch.replies.begin(view, at).nil().value(claim)
  if (row < 0) batch.replies.end(noClaim, claimKind.none)
  else batch.replies.end(users.claim(row), claimKindOf(users.state(row)))
}

/**
 * Refuses a `buy` with a code that the caller need not try again, and remembers that, so that a late copy of the same request cannot succeed after
 * its sender was told no. `NOT_OPEN`, `PAUSED` and the full limits promise nothing: the same call may be made later.
 */
function refuseForGood(owned: OwnedSku, batch: Batch, view: DataView, at: number, code: Code, message?: string): void {
  const userHash = view.getUint32(at + entryOffset.userHash, true)
  const requestHi = view.getUint32(at + entryOffset.requestHi, true)
  const requestLo = view.getUint32(at + entryOffset.requestLo, true)
  const skuIndex = owned.sku.index
  const isNamed = requestHi !== 0 || requestLo !== 0
  if (!isNamed || owned.refused.remember({ skuIndex, userHash, requestHi, requestLo, code, at: batch.now })) {
    batch.replies.refuse(view, at, code, undefined, message)
  } else batch.replies.refuse(view, at, 'BUSY', fullRetryMs)
}

/** More than this call may take: more than anyone may, more than the sale's limit leaves, or it comes without a reservation that is good. */
function refuseBeyond(owned: OwnedSku, batch: Batch, view: DataView, at: number, most: number): void {
  if (view.getUint16(at + entryOffset.qty, true) > owned.sku.settings.perUserMax) refuseForGood(owned, batch, view, at, 'LIMIT_REACHED')
  else if (most === saleLimitReached) refuseForGood(owned, batch, view, at, 'LIMIT_REACHED', saleLimitText)
  else batch.replies.refuse(view, at, 'BUSY', reserveRetryMs)
}

/** In place of a number of units. */
export const saleLimitReached = -1
const saleLimitText = 'You already have as many as one person may buy in this sale.'
/** By then a gateway that does not know of the limit has heard, and a reservation that is used up has been given back. */
const reserveRetryMs = 200
const pausedRetryMs = 5_000
const fullRetryMs = 1_000
