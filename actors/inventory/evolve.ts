import { orderTag } from '../../protocol/ids.ts'
import { unpackInner } from '../../protocol/inner-codec.ts'
import { claimState, isLive } from './claim.ts'
import { endClaim, rowOf } from './end-claim.ts'
import { type Configured, drawSecretOf, eventKind, eventOffset, phaseNames } from './events.ts'
import { drawOf, evolveDraw } from './evolve-draw.ts'
import { edited } from './evolve-edit.ts'
import { erased, namedAgain } from './evolve-erase.ts'
import { ordered, settled } from './evolve-order.ts'
import { refundBegun, refundEnded, refundTold } from './evolve-refund.ts'
import { answered, reserved } from './evolve-request.ts'
import type { InventoryState } from './inventory-state.ts'
import type { SkuState } from './sku-state.ts'

const restocksKept = 1_000

/**
 * Applies the event at `at` of a record to the state: the only writer of it, live and in replay alike (G12). It decides nothing and cannot
 * refuse: what cannot be applied is a bug and stops the shard. `now` is the record's.
 */
export function evolve(state: InventoryState, bytes: Uint8Array, view: DataView, at: number, now: number): void {
  const kind = bytes[at + eventOffset.kind]
  if (kind === eventKind.configured) return configured(state, bytes, view, at)
  if (kind === eventKind.resumedBy) return resumedBy(state, view, at, now)
  if (kind === eventKind.erased) return erased(state, bytes, view, at, now)
  const sku = state.at(view.getUint32(at + eventOffset.sku, true))
  switch (kind) {
    case eventKind.held:
      claimed(state, sku, bytes, view, at, now, claimState.held)
      break
    case eventKind.queued:
      claimed(state, sku, bytes, view, at, now, claimState.queued)
      break
    case eventKind.lobbied:
      claimed(state, sku, bytes, view, at, now, claimState.lobby)
      break
    case eventKind.left:
      left(sku, view.getUint32(at + eventOffset.claim, true), now)
      break
    case eventKind.expired:
      expired(sku, view.getUint32(at + eventOffset.claim, true), now)
      break
    case eventKind.absent:
      absent(sku, view.getUint32(at + eventOffset.claim, true), now)
      break
    case eventKind.granted:
      granted(state, sku, view.getUint32(at + eventOffset.count, true), view.getFloat64(at + eventOffset.expiresAt, true), now)
      break
    case eventKind.lineSoldOut:
      lineSoldOut(sku, view.getUint32(at + eventOffset.count, true), now)
      break
    case eventKind.ordered:
      ordered(state, sku, bytes, view, at, now)
      break
    case eventKind.settled:
      settled(sku, view.getUint32(at + eventOffset.claim, true), bytes[at + eventOffset.outcome] as number, now)
      break
    case eventKind.restocked:
      restocked(sku, view, at)
      break
    case eventKind.phaseSet:
      phaseSet(state, sku, bytes[at + eventOffset.phase] as number, now)
      break
    case eventKind.edited:
      edited(state, sku, bytes, view, at)
      break
    case eventKind.forgotten:
      forgotten(sku, view.getUint32(at + eventOffset.count, true))
      break
    case eventKind.delivered:
      sku.orders.delete(view.getUint32(at + eventOffset.claim, true))
      break
    case eventKind.refundBegun:
      refundBegun(sku, bytes, view, at, now)
      break
    case eventKind.refundEnded:
      refundEnded(sku, bytes, view, at, now)
      break
    case eventKind.refundTold:
      refundTold(sku, view, at)
      break
    case eventKind.answered:
      answered(sku, view, at, now)
      break
    case eventKind.reserved:
    case eventKind.spent:
    case eventKind.reservationTold:
      reserved(sku, kind, bytes, view, at, now)
      break
    case eventKind.lobbyClosed:
    case eventKind.counted:
    case eventKind.rosterHashed:
    case eventKind.beaconCame:
    case eventKind.seated:
    case eventKind.drawn:
    case eventKind.seedRevealed:
      evolveDraw(sku, kind, bytes, view, at)
      break
    default:
      throw new Error(`unknown event kind ${kind}`)
  }
  sku.checkLaws()
}

function configured(state: InventoryState, bytes: Uint8Array, view: DataView, at: number): void {
  const length = view.getUint16(at, true)
  const configuration = unpackInner<Configured>(bytes.slice(at + eventOffset.packed, at + length))
  const { settings, incarnation } = configuration
  const known = state.find(settings.sku)
  if (known === undefined) {
    const sku = state.add(settings, incarnation, drawSecretOf(configuration))
    sku.units = settings.stock
    sku.available = settings.stock
    sku.changes.settings = true
    sku.checkLaws()
  } else {
    known.configure(settings)
    known.changes.settings = true
  }
  state.scheduleOpening(settings)
  const sku = state.find(settings.sku)
  if (sku !== undefined) state.scheduleClosing(sku)
}

function resumedBy(state: InventoryState, view: DataView, at: number, now: number): void {
  const gapMs = view.getFloat64(at + eventOffset.gapMs, true)
  const epoch = view.getFloat64(at + eventOffset.epoch, true)
  if (epoch !== 0) state.orderTag = orderTag(epoch)
  for (const sku of state.skus) {
    sku.orderShiftMs += gapMs
    sku.stoodStill(now - gapMs, now)
    // A pause moves holds by itself; counting the gap again would give them more time than they had.
    if (sku.phase !== 'paused') sku.holdShiftMs += gapMs
    // Nobody could take the beacon's value in meanwhile.
    if (sku.draw?.stage === 'beacon') sku.draw.beaconUntil += gapMs
  }
}

function claimed(state: InventoryState, sku: SkuState, bytes: Uint8Array, view: DataView, at: number, now: number, begun: number): void {
  const { users } = sku
  const hash = view.getUint32(at + eventOffset.userHash, true)
  const userBytes = bytes[at + eventOffset.userBytes] as number
  const claim = view.getUint32(at + eventOffset.claim, true)
  const qty = view.getUint16(at + eventOffset.qty, true)
  let row = users.find(hash, bytes, at + eventOffset.user, userBytes)
  if (row < 0) row = users.add(hash, bytes, at + eventOffset.user, userBytes)
  else {
    sku.former.remember(hash, users.requestHi(row), users.requestLo(row), now)
    users.begin(row)
    namedAgain(sku, row, bytes, at + eventOffset.user, userBytes)
  }
  users.setClaim(row, claim)
  users.setQty(row, qty)
  users.setOrderTag(row, 0)
  users.setPrice(row, begun === claimState.held ? sku.prices.current : 0)
  users.setRequest(row, view.getUint32(at + eventOffset.requestHi, true), view.getUint32(at + eventOffset.requestLo, true))
  sku.lastClaim = claim
  users.setState(row, begun)
  if (begun === claimState.held) {
    const expiresAt = view.getFloat64(at + eventOffset.expiresAt, true)
    users.setDeadline(row, expiresAt - sku.holdShiftMs)
    sku.available -= qty
    sku.held += qty
    sku.flow.granted(expiresAt - sku.holdShiftMs, qty)
    spendGrants(sku, 1, now)
    state.wheel.add(expiresAt, sku.index, claim)
    sku.changes.numbers = true
  } else {
    // Of who waits the beginning: an absence counts from there at the earliest.
    users.setDeadline(row, sku.countsAbsence ? now : 0)
    if (begun === claimState.lobby) enterLobby(sku)
    else {
      sku.line.add(claim)
      sku.changes.join(claim)
    }
  }
  users.end(row)
}

function enterLobby(sku: SkuState): void {
  drawOf(sku).people++
  sku.changes.numbers = true
}

function left(sku: SkuState, claim: number, now: number): void {
  const row = rowOf(sku, claim)
  if (sku.users.state(row) === claimState.queued) {
    sku.line.remove(claim)
    sku.changes.leave(claim)
    sku.changes.gaveUp++
  } else if (sku.users.state(row) === claimState.lobby) drawOf(sku).people--
  else release(sku, row, now)
  endClaim(sku, row, claimState.left, now)
}

function absent(sku: SkuState, claim: number, now: number): void {
  sku.line.remove(claim)
  sku.changes.leave(claim)
  endClaim(sku, rowOf(sku, claim), claimState.absent, now)
}

function expired(sku: SkuState, claim: number, now: number): void {
  const row = rowOf(sku, claim)
  release(sku, row, now)
  endClaim(sku, row, claimState.expired, now)
}

/** A hold's units become free. */
function release(sku: SkuState, row: number, now: number): void {
  const qty = sku.users.qty(row)
  sku.flow.released(sku.users.deadline(row), qty, sku.holdClock(now), now)
  sku.held -= qty
  sku.available += qty
  sku.changes.holdsReleased++
}

function granted(state: InventoryState, sku: SkuState, count: number, expiresAt: number, now: number): void {
  const { users } = sku
  for (let i = 0; i < count; i++) {
    const claim = sku.line.first()
    const row = rowOf(sku, claim)
    const qty = users.qty(row)
    sku.line.remove(claim)
    users.begin(row)
    users.setState(row, claimState.held)
    users.setPrice(row, sku.prices.current)
    users.setDeadline(row, expiresAt - sku.holdShiftMs)
    users.end(row)
    sku.available -= qty
    sku.held += qty
    sku.flow.granted(expiresAt - sku.holdShiftMs, qty)
    state.wheel.add(expiresAt, sku.index, claim)
    sku.changes.leave(claim)
    sku.changes.change(claim)
  }
  sku.changes.served += count
  spendGrants(sku, count, now)
}

function lineSoldOut(sku: SkuState, count: number, now: number): void {
  for (let i = 0; i < count; i++) {
    const claim = sku.line.first()
    sku.line.remove(claim)
    sku.changes.leave(claim)
    endClaim(sku, rowOf(sku, claim), claimState.soldout, now)
  }
}

function restocked(sku: SkuState, view: DataView, at: number): void {
  const units = view.getUint32(at + eventOffset.units, true)
  sku.units += units
  sku.available += units
  sku.changes.numbers = true
  const request = restockKey(view.getUint32(at + eventOffset.restockHi, true), view.getUint32(at + eventOffset.restockLo, true))
  sku.restocks.set(request, units)
  for (const oldest of sku.restocks.keys()) {
    if (sku.restocks.size <= restocksKept) break
    sku.restocks.delete(oldest)
  }
}

export function restockKey(requestHi: number, requestLo: number): string {
  return `${requestHi}.${requestLo}`
}

function phaseSet(state: InventoryState, sku: SkuState, number: number, now: number): void {
  const phase = phaseNames[number]
  if (phase === undefined) throw new Error(`unknown phase ${number}`)
  const wasPaused = sku.phase === 'paused'
  if (wasPaused) {
    sku.holdShiftMs += Math.max(0, now - sku.pausedAt)
    sku.stoodStill(sku.pausedAt, now)
  }
  // Whoever was in a lobby may be away until it opens.
  if (sku.phase === 'scheduled' && sku.draw !== undefined) sku.stoodStill(0, now)
  if (phase === 'paused') sku.pausedAt = now
  sku.phase = phase
  sku.changes.settings = true
  if (wasPaused) state.scheduleHolds(sku)
}

/** Puts ended claims away. Users who bought something stay, because their limit counts it, and so do orders that have gone on after their end. */
function forgotten(sku: SkuState, count: number): void {
  const { users } = sku
  for (let i = 0; i < count; i++) {
    const row = users.rowOf(sku.ended.shift())
    if (row >= 0 && users.bought(row) === 0 && !isLive(users.state(row))) users.remove(row)
  }
}

function spendGrants(sku: SkuState, count: number, now: number): void {
  const rate = sku.settings.grantsPerSecond
  if (rate > 0) sku.nextGrantAt = Math.max(sku.nextGrantAt, now - grantBurstMs) + (count * 1000) / rate
}

/** Grants that were not used for this long may be made up for at once. */
export const grantBurstMs = 100
