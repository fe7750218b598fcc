import type { Position } from '../../cluster/store.ts'
import { entryHeadBytes, entryOffset } from '../../protocol/entry.ts'
import { hashBytes } from '../../protocol/hash.ts'
import { unpackInner } from '../../protocol/inner-codec.ts'
import type { ReservedUnits } from '../../protocol/reservation.ts'
import type { Batch } from '../actor.ts'
import { mayHaveUnits } from './claim.ts'
import { decideBuy, type OwnedSku, saleLimitReached } from './decide-claim.ts'
import { eventKind, writeReservation } from './events.ts'
import { evolve } from './evolve.ts'
import type { ReservationReport } from './reservations.ts'
import type { SkuState } from './sku-state.ts'

/** Users of one SKU that it remembers beside its own for the sake of reservations with which nothing began; for more, their sessions go on asking. */
export const spentMax = 65_536
const fullRetryMs = 5_000
const utf8 = new TextEncoder()
const utf8Decoder = new TextDecoder()

/**
 * `buy` in a sale with a limit of its own: as any other, but for a claim to begin it needs a reservation that was not used before. One with which nothing
 * began is used up as well, and goes back to the session. (SPEC LIM-1 to LIM-4, G11)
 */
export function decideReservedBuy(owned: OwnedSku, batch: Batch, bytes: Uint8Array, view: DataView, at: number, payload: Uint8Array): void {
  const { sku } = owned
  const { number, qty } = unpackInner<ReservedUnits>(payload)
  const user = userOf(bytes, at)
  const known = sku.reservations.find(utf8Decoder.decode(user))
  if (known === undefined && isFull(sku)) return batch.replies.refuse(view, at, 'BUSY', fullRetryMs)
  const isGood = number > (known?.number ?? 0)
  const before = sku.lastClaim
  decideBuy(owned, batch, bytes, view, at, number === 0 ? saleLimitReached : isGood ? Math.min(qty, sku.settings.perUserMax) : 0)
  if (isGood) apply(owned, batch, sku.lastClaim > before ? eventKind.reserved : eventKind.spent, user, number)
}

/**
 * A session does not know what became of its reservation. If nothing has, nothing will: a `buy` that is still on its way comes too late, or the session
 * could never give the units back. (SPEC LIM-5)
 */
export function decideReservationAsk(
  owned: OwnedSku,
  batch: Batch,
  bytes: Uint8Array,
  view: DataView,
  at: number,
  payload: Uint8Array,
): void {
  const { sku } = owned
  const { number } = unpackInner<Pick<ReservedUnits, 'number'>>(payload)
  const user = userOf(bytes, at)
  const known = sku.reservations.find(utf8Decoder.decode(user))
  if (number > (known?.number ?? 0)) {
    if (known === undefined && isFull(sku)) return batch.replies.refuse(view, at, 'BUSY', fullRetryMs)
    apply(owned, batch, eventKind.spent, user, number)
  }
  // The place before this batch's record: with more of it to come, its own would make a report that says less as good as one that says all.
  const report = reportOf(sku, utf8Decoder.decode(user), batch)
  batch.replies.result(view, at, { ...report, at: { ...report.at } })
}

/** The user's session has heard of its reservation up to this word. */
export function decideReservationTold(
  owned: OwnedSku,
  batch: Batch,
  bytes: Uint8Array,
  view: DataView,
  at: number,
  payload: Uint8Array,
): void {
  const { reservations } = owned.sku
  const { word } = unpackInner<{ readonly word: number }>(payload)
  const user = userOf(bytes, at)
  const known = reservations.find(utf8Decoder.decode(user))
  if (known !== undefined && word > known.told) apply(owned, batch, eventKind.reservationTold, user, known.number, word)
  batch.replies.result(view, at, null)
}

/** The order's units go on, and its claim stays until its money has gone back: the session need not count it for so long, and has to hear of that. (SPEC LIM-23) */
export function freeReserved(owned: OwnedSku, batch: Batch, claim: number): void {
  const { users, reservations } = owned.sku
  const user = users.userBytes(users.rowOf(claim))
  const known = reservations.find(utf8Decoder.decode(user))
  // One that was declined or cancelled before has been told.
  if (known?.isLive === true) apply(owned, batch, eventKind.spent, user, known.number)
}

/** All that counts of this SKU against the user's limit. `at`: a place of the journal up to which the state has everything. */
export function reportOf(sku: SkuState, user: string, at: Position): ReservationReport {
  const { users, reservations, settings } = sku
  const bytes = utf8.encode(user)
  const row = users.find(hashBytes(bytes, 0, bytes.length), bytes, 0, bytes.length)
  return {
    user,
    sku: settings.sku,
    sale: settings.sale,
    number: reservations.numberOf(user),
    live: row >= 0 && mayHaveUnits(users.state(row)) ? users.qty(row) : 0,
    bought: row >= 0 ? users.bought(row) - users.returned(row) : 0,
    at: { epoch: at.epoch, seq: at.seq },
  }
}

function isFull({ reservations, settings }: SkuState): boolean {
  return reservations.size >= settings.usersMax + spentMax
}

function userOf(bytes: Uint8Array, at: number): Uint8Array {
  const from = at + entryHeadBytes + (bytes[at + entryOffset.skuBytes] as number)
  return bytes.subarray(from, from + (bytes[at + entryOffset.userBytes] as number))
}

function apply(
  owned: OwnedSku,
  batch: Batch,
  kind: Parameters<typeof writeReservation>[1],
  user: Uint8Array,
  number: number,
  word = 0,
): void {
  const { record } = batch
  const event = writeReservation(record, kind, owned.sku.index, user, number, word)
  evolve(owned.state, record.bytes, record.view, event, batch.now)
}
