import type { SkuPhase } from '../../protocol/broadcast.ts'
import { packInner, unpackInner } from '../../protocol/inner-codec.ts'
import { LineOrder } from '../../protocol/line-order.ts'
import type { SkuSettings } from '../../protocol/sku-settings.ts'
import type { Erasure } from '../erasures.ts'
import { JournalFault } from '../record.ts'
import type { Work } from '../work.ts'
import { claimState } from './claim.ts'
import type { SavedEnded } from './ended-claims.ts'
import type { SavedFormer, SavedFormerTexts } from './former-requests.ts'
import type { SavedFlow } from './hold-flow.ts'
import type { InventoryState } from './inventory-state.ts'
import { countOpen } from './open-flow.ts'
import type { SavedPaid } from './paid-orders.ts'
import type { SavedRefunds } from './refunds.ts'
import type { Reservation } from './reservations.ts'
import { type SavedDraw, savedSecret } from './sku-draw.ts'
import type { OpenOrder, SkuState } from './sku-state.ts'
import type { SavedUsers } from './user-table.ts'

/** Version 2 keeps former requests in columns. */
const snapshotVersion = 2
const versionsRead: readonly number[] = [1, snapshotVersion]
const chunkBytes = 256 * 1024

interface SavedSku {
  readonly settings: SkuSettings
  readonly incarnation: string
  readonly phase: SkuPhase
  /** units, available, held, ordered, sold, lastClaim, holdShiftMs, orderShiftMs, pausedAt, nextGrantAt */
  readonly numbers: readonly number[]
  readonly users: SavedUsers
  readonly lineFrom: number
  readonly line: Uint8Array
  readonly ended: SavedEnded
  readonly former: SavedFormer | SavedFormerTexts
  readonly orders: readonly OpenOrder[]
  /** Of a SKU of which settings were changed. */
  readonly prices?: readonly number[]
  readonly editDigest?: number
  readonly restocks: readonly (readonly [request: string, units: number])[]
  /** Not in snapshots of versions that had none. */
  readonly reservations?: readonly Reservation[]
  readonly paid?: SavedPaid
  readonly refunds?: SavedRefunds
  readonly standstills?: readonly number[]
  /** Of a SKU with a draw. */
  readonly draw?: SavedDraw
  /** Of a SKU of which holds have ended; not in snapshots of versions that learned nothing from them. */
  readonly flow?: SavedFlow
}

interface Saved {
  readonly version: number
  /** Not in snapshots of versions that had none. */
  readonly orderTag?: number
  readonly erasures?: readonly Erasure<undefined>[]
  readonly skus: readonly SavedSku[]
}

/** The state in chunks of at most 256 KB. */
export function saveInventory(state: InventoryState): Uint8Array[] {
  const bytes = packInner({
    version: snapshotVersion,
    orderTag: state.orderTag,
    ...(state.erasures.isEmpty ? {} : { erasures: state.erasures.save() }),
    skus: state.skus.map(saveSku),
  } satisfies Saved)
  const chunks: Uint8Array[] = []
  for (let at = 0; at < bytes.length; at += chunkBytes) chunks.push(bytes.slice(at, at + chunkBytes))
  return chunks
}

/**
 * Fills an empty state, in slices: of a line of a million there are a hundred MB, and whoever takes a shard over goes on serving its others. Throws
 * {@link JournalFault} for a version that this code does not read.
 */
export function* restoreInventory(state: InventoryState, chunks: readonly Uint8Array[]): Work<void> {
  const saved = unpackInner<Saved>(yield* joined(chunks))
  if (!versionsRead.includes(saved.version))
    throw new JournalFault(`a snapshot has version ${saved.version}; this version of Sluice reads ${versionsRead.join(' and ')}`)
  state.orderTag = saved.orderTag ?? 0
  state.erasures.restore(saved.erasures ?? [])
  let people = 0
  for (const sku of saved.skus) {
    yield* restoreSku(state, sku)
    people += sku.users.count
    if (people < peoplePerSlice) continue
    people = 0
    yield 0.9
  }
}

/** Small SKUs whose people together are so many are a slice of some milliseconds. */
const peoplePerSlice = 4_096
const joinedPerSlice = 1

function* joined(chunks: readonly Uint8Array[]): Work<Uint8Array> {
  const bytes = new Uint8Array(chunks.reduce((sum, chunk) => sum + chunk.length, 0))
  let at = 0
  for (const [i, chunk] of chunks.entries()) {
    bytes.set(chunk, at)
    at += chunk.length
    if ((i + 1) % joinedPerSlice === 0) yield 0
  }
  return bytes
}

function saveSku(sku: SkuState): SavedSku {
  const line = sku.line.toBitmap()
  const prices = sku.prices.save()
  const { units, available, held, ordered, sold, lastClaim, holdShiftMs, orderShiftMs, pausedAt, nextGrantAt } = sku
  return {
    settings: sku.settings,
    incarnation: sku.incarnation,
    phase: sku.phase,
    numbers: [units, available, held, ordered, sold, lastClaim, holdShiftMs, orderShiftMs, pausedAt, nextGrantAt],
    users: sku.users.save(),
    lineFrom: line.from,
    line: line.bits,
    ended: sku.ended.save(),
    former: sku.former.save(),
    orders: [...sku.orders.values()],
    ...(sku.editDigest === 0 ? {} : { editDigest: sku.editDigest }),
    ...(prices === undefined ? {} : { prices }),
    restocks: [...sku.restocks],
    reservations: sku.reservations.save(),
    paid: sku.paid.save(sku.users.ranks()),
    refunds: sku.refunds.save(),
    standstills: sku.standstills.save(),
    ...(sku.draw === undefined ? {} : { draw: sku.draw.save() }),
    ...(sku.flow.isEmpty ? {} : { flow: sku.flow.save() }),
  }
}

function* restoreSku(state: InventoryState, saved: SavedSku): Work<void> {
  const sku = state.add(saved.settings, saved.incarnation, saved.draw === undefined ? undefined : savedSecret(saved.draw))
  const [units, available, held, ordered, sold, lastClaim, holdShiftMs, orderShiftMs, pausedAt, nextGrantAt] = saved.numbers
  Object.assign(sku, {
    units,
    available,
    held,
    ordered,
    sold,
    lastClaim,
    holdShiftMs,
    orderShiftMs,
    pausedAt,
    nextGrantAt,
    phase: saved.phase,
  })
  sku.editDigest = saved.editDigest ?? 0
  sku.prices.restore(saved.prices, saved.settings.priceMinor)
  yield* sku.users.restore(saved.users)
  sku.line = LineOrder.fromBitmap(saved.lineFrom, saved.line, sku.lastClaim + 1)
  yield* sku.ended.restore(saved.ended)
  yield* sku.former.restore(saved.former)
  for (const order of saved.orders) sku.orders.set(order.claim, order)
  for (const [request, added] of saved.restocks) sku.restocks.set(request, added)
  sku.reservations.restore(saved.reservations ?? [])
  if (saved.paid === undefined) rememberPaid(sku)
  else yield* sku.paid.restore(saved.paid)
  if (saved.refunds !== undefined) sku.refunds.restore(saved.refunds)
  sku.standstills.restore(saved.standstills ?? [])
  if (saved.draw !== undefined) sku.draw?.restore(saved.draw)
  if (saved.flow !== undefined) sku.flow.restore(saved.flow)
  state.scheduleOpening(sku.settings)
  state.scheduleClosing(sku)
  for (let row = 0; row < saved.users.count; row++) {
    scheduleRow(state, sku, row)
    if ((row + 1) % scheduledPerSlice === 0) yield 0.8
  }
  sku.checkLaws()
}

/** An older version kept no table of paid orders; what its users have last is known all the same. */
function rememberPaid(sku: SkuState): void {
  const { users, paid } = sku
  for (const row of users.rows()) {
    if (users.state(row) !== claimState.paid) continue
    const [claim, qty, orderTag] = [users.claim(row), users.qty(row), users.orderTag(row)]
    paid.push({ claim, row, qty, orderTag, amountMinor: qty * sku.priceOf(row) })
  }
}

/** Most rows have no deadline that runs. */
const scheduledPerSlice = 16_384

function scheduleRow(state: InventoryState, sku: SkuState, row: number): void {
  if (countOpen(sku, row)) state.wheel.add(sku.deadlineOf(row, 0), sku.index, sku.users.claim(row))
}
