import type { Position } from '../../cluster/store.ts'
import { entryHeadBytes, entryOffset } from '../../protocol/entry.ts'
import { packInner } from '../../protocol/inner-codec.ts'
import type { SkuEdit } from '../../protocol/sale-change.ts'
import type { SkuSettings } from '../../protocol/sku-settings.ts'
import { hashInPseudonym, type Pseudonym } from '../pseudonym.ts'
import type { RecordWriter } from '../record.ts'
import type { Refund } from './refunds.ts'

const utf8 = new TextEncoder()

/**
 * What can happen to a SKU, as bytes in a record (record.ts). After the common head of 4 bytes comes `u32 sku` (the SKU's index in its shard), then:
 *
 *     configured  inner codec of Configured
 *     edited      inner codec of SkuEdit      settings that take the place of others
 *     phaseSet    u8 phase at 8
 *     held        u32 claim, u16 qty, u8 userBytes, f64 expiresAt at 16, u32 requestHi, u32 requestLo, u32 userHash, user at 36
 *     queued      the same, expiresAt 0
 *     left        u32 claim              gave up a ticket or a hold
 *     expired     u32 claim              a hold came to its deadline
 *     granted     u32 count, f64 expiresAt at 16      the first `count` in line get holds
 *     lineSoldOut u32 count              the first `count` in line can no longer be served
 *     ordered     u32 claim, f64 payBy at 16, f64 amountMinor at 24, payment token at 32
 *     settled     u32 claim, u8 outcome at 12 (a claimState)
 *     restocked   u32 units, u32 requestHi at 12, u32 requestLo at 16
 *     forgotten   u32 count              the `count` oldest ended claims are put away
 *     delivered   u32 claim              the user's session has the news of the order's end
 *     answered    u32 userHash, u32 requestHi at 12, u32 requestLo at 16      a request without a claim of its own, which a copy must not repeat
 *     reserved    u32 number, u32 word at 12 (0), user at 16      the claim in front of it took this reservation of its user's
 *     spent       the same               nothing began with this reservation, and nothing will; or what began with it will have no units
 *     reservationTold  the same, with the word up to which the user's session has heard
 *     refundBegun an operator gives back a part of a paid order, or all of it: u32 claim, u16 qty, u8 userBytes, u8 flags at 15 (0), f64 amountMinor at 16,
 *                 u32 requestHi, u32 requestLo, u32 orderTag, f64 orderMinor at 40 (what the order cost), f64 refundedMinor at 48 (gone back before), user at 56
 *     refundEnded the same; in flags 1: it is done (else it was refused), 2: the units are free again, 4: they count against the limit no more; refundedMinor
 *                 with this one
 *     refundTold  u32 claim, u32 requestHi at 12, u32 requestLo at 16      the user's session has the news of it
 *     lobbied     as queued              waits for the draw
 *     absent      u32 claim              a ticket whose user was away for too long
 *     erased      u32 seq at 4, f64 epoch at 8 (the place of the record), u32 userHash at 16, a pseudonym at 20: of all SKUs
 *     and the rest of lobby and draw, in draw-events.ts
 *     resumedBy   f64 epoch, f64 gapMs at 16      a new owner opened the shard: running deadlines move by the time nobody owned it (sku is not
 *                 used; in old journals epoch is 0)
 *
 * Numbers are part of the journal's format: never reuse one.
 */
export const eventKind = {
  configured: 1,
  phaseSet: 2,
  held: 3,
  queued: 4,
  left: 5,
  expired: 6,
  granted: 7,
  lineSoldOut: 8,
  ordered: 9,
  settled: 10,
  restocked: 12,
  forgotten: 13,
  delivered: 14,
  resumedBy: 15,
  answered: 16,
  reserved: 24,
  spent: 25,
  reservationTold: 26,
  refundBegun: 17,
  refundEnded: 18,
  refundTold: 19,
  lobbied: 32,
  lobbyClosed: 33,
  counted: 34,
  rosterHashed: 35,
  beaconCame: 36,
  seated: 37,
  drawn: 38,
  absent: 39,
  seedRevealed: 40,
  erased: 41,
  edited: 42,
} as const

export const eventOffset = {
  kind: 2,
  sku: 4,
  claim: 8,
  count: 8,
  units: 8,
  phase: 8,
  qty: 12,
  outcome: 12,
  userBytes: 14,
  expiresAt: 16,
  payBy: 16,
  epoch: 8,
  gapMs: 16,
  requestHi: 24,
  requestLo: 28,
  userHash: 32,
  user: 36,
  amountMinor: 24,
  answeredUser: 8,
  answeredHi: 12,
  answeredLo: 16,
  reservation: 8,
  word: 12,
  reservationUser: 16,
  restockHi: 12,
  restockLo: 16,
  payment: 32,
  packed: 8,
  refundFlags: 15,
  refundMinor: 16,
  orderTag: 32,
  orderMinor: 40,
  refundedMinor: 48,
  refundUser: 56,
  erasedSeq: 4,
  erasedEpoch: 8,
  erasedHash: 16,
  erasedUser: 20,
  toldHi: 12,
  toldLo: 16,
} as const

export const refundFlag = { done: 1, restocked: 2, limitFreed: 4 } as const

/** What `configure` puts into the journal. `incarnation` makes order ids of this SKU unlike those of any other with its name. */
export interface Configured {
  readonly settings: SkuSettings
  readonly incarnation: string
  /** Of a SKU with a draw: its seed sealed (draw/seed-box.ts), and what was published of it. */
  readonly drawSealed?: Uint8Array
  readonly drawCommitment?: Uint8Array
  /** In journals of former versions, instead: the seed as it is. */
  readonly drawSeed?: Uint8Array
}

/** The seed of a draw as a journal begins with it. */
export type DrawSecret =
  | { readonly kind: 'sealed'; readonly sealed: Uint8Array; readonly commitment: Uint8Array }
  | { readonly kind: 'plain'; readonly seed: Uint8Array }

export function drawSecretOf({
  drawSealed,
  drawCommitment,
  drawSeed,
}: Omit<Configured, 'settings' | 'incarnation'>): DrawSecret | undefined {
  if (drawSealed !== undefined && drawCommitment !== undefined) return { kind: 'sealed', sealed: drawSealed, commitment: drawCommitment }
  return drawSeed === undefined ? undefined : { kind: 'plain', seed: drawSeed }
}

export const phaseNumbers = { scheduled: 0, open: 1, paused: 2, closed: 3 } as const
export const phaseNames = ['scheduled', 'open', 'paused', 'closed'] as const

export function writeConfigured(record: RecordWriter, sku: number, configured: Configured): number {
  const packed = packInner(configured)
  const at = skuEvent(record, eventOffset.packed + packed.length, eventKind.configured, sku)
  record.bytes.set(packed, at + eventOffset.packed)
  return at
}

export function writeEdited(record: RecordWriter, sku: number, edit: SkuEdit): number {
  const packed = packInner(edit)
  const at = skuEvent(record, eventOffset.packed + packed.length, eventKind.edited, sku)
  record.bytes.set(packed, at + eventOffset.packed)
  return at
}

export function writePhaseSet(record: RecordWriter, sku: number, phase: number): number {
  const at = skuEvent(record, 9, eventKind.phaseSet, sku)
  record.bytes[at + eventOffset.phase] = phase
  return at
}

/** A new claim: a hold that ends at `expiresAt`, or with `expiresAt` 0 a ticket. User, quantity and request come from the entry at `from`. */
export function writeClaimed(
  record: RecordWriter,
  kind: typeof eventKind.held | typeof eventKind.queued | typeof eventKind.lobbied,
  sku: number,
  claim: number,
  expiresAt: number,
  entry: Uint8Array,
  entryView: DataView,
  from: number,
): number {
  const userBytes = entry[from + entryOffset.userBytes] as number
  const userFrom = from + entryHeadBytes + (entry[from + entryOffset.skuBytes] as number)
  const at = skuEvent(record, eventOffset.user + userBytes, kind, sku)
  const { view, bytes } = record
  view.setUint32(at + eventOffset.claim, claim, true)
  view.setUint16(at + eventOffset.qty, entryView.getUint16(from + entryOffset.qty, true), true)
  view.setUint16(at + eventOffset.userBytes, userBytes, true)
  view.setFloat64(at + eventOffset.expiresAt, expiresAt, true)
  view.setUint32(at + eventOffset.requestHi, entryView.getUint32(from + entryOffset.requestHi, true), true)
  view.setUint32(at + eventOffset.requestLo, entryView.getUint32(from + entryOffset.requestLo, true), true)
  view.setUint32(at + eventOffset.userHash, entryView.getUint32(from + entryOffset.userHash, true), true)
  for (let i = 0, to = at + eventOffset.user; i < userBytes; i++) bytes[to + i] = entry[userFrom + i] as number
  return at
}

/** Any event whose only field is a claim, a count or a number of units. */
export function writeNumbered(record: RecordWriter, kind: NumberedKind, sku: number, number: number): number {
  const at = skuEvent(record, 12, kind, sku)
  record.view.setUint32(at + eventOffset.claim, number, true)
  return at
}

type NumberedKind =
  | typeof eventKind.left
  | typeof eventKind.expired
  | typeof eventKind.absent
  | typeof eventKind.lineSoldOut
  | typeof eventKind.forgotten
  | typeof eventKind.delivered
  | typeof eventKind.lobbyClosed
  | typeof eventKind.drawn

export function writeGranted(record: RecordWriter, sku: number, count: number, expiresAt: number): number {
  const at = skuEvent(record, 24, eventKind.granted, sku)
  record.view.setUint32(at + eventOffset.count, count, true)
  record.view.setUint32(at + 12, 0, true)
  record.view.setFloat64(at + eventOffset.expiresAt, expiresAt, true)
  return at
}

export function writeOrdered(
  record: RecordWriter,
  sku: number,
  claim: number,
  order: { readonly payBy: number; readonly amountMinor: number; readonly payment: Uint8Array },
): number {
  const at = skuEvent(record, eventOffset.payment + order.payment.length, eventKind.ordered, sku)
  const { view } = record
  view.setUint32(at + eventOffset.claim, claim, true)
  view.setUint32(at + 12, 0, true)
  view.setFloat64(at + eventOffset.payBy, order.payBy, true)
  view.setFloat64(at + eventOffset.amountMinor, order.amountMinor, true)
  record.bytes.set(order.payment, at + eventOffset.payment)
  return at
}

export function writeSettled(record: RecordWriter, sku: number, claim: number, outcome: number): number {
  const at = skuEvent(record, 13, eventKind.settled, sku)
  record.view.setUint32(at + eventOffset.claim, claim, true)
  record.bytes[at + eventOffset.outcome] = outcome
  return at
}

export function writeRestocked(record: RecordWriter, sku: number, units: number, requestHi: number, requestLo: number): number {
  const at = skuEvent(record, 20, eventKind.restocked, sku)
  record.view.setUint32(at + eventOffset.units, units, true)
  record.view.setUint32(at + eventOffset.restockHi, requestHi, true)
  record.view.setUint32(at + eventOffset.restockLo, requestLo, true)
  return at
}

export function writeAnswered(record: RecordWriter, sku: number, userHash: number, requestHi: number, requestLo: number): number {
  const at = skuEvent(record, 20, eventKind.answered, sku)
  record.view.setUint32(at + eventOffset.answeredUser, userHash, true)
  record.view.setUint32(at + eventOffset.answeredHi, requestHi, true)
  record.view.setUint32(at + eventOffset.answeredLo, requestLo, true)
  return at
}

/** What became of a reservation of this user's. */
export function writeReservation(
  record: RecordWriter,
  kind: ReservationKind,
  sku: number,
  user: Uint8Array,
  number: number,
  word = 0,
): number {
  const at = skuEvent(record, eventOffset.reservationUser + user.length, kind, sku)
  record.view.setUint32(at + eventOffset.reservation, number, true)
  record.view.setUint32(at + eventOffset.word, word, true)
  record.bytes.set(user, at + eventOffset.reservationUser)
  return at
}

type ReservationKind = typeof eventKind.reserved | typeof eventKind.spent | typeof eventKind.reservationTold

export function writeRefund(
  record: RecordWriter,
  kind: typeof eventKind.refundBegun | typeof eventKind.refundEnded,
  sku: number,
  refund: Refund,
  flags: number,
): number {
  const user = utf8.encode(refund.user)
  const at = skuEvent(record, eventOffset.refundUser + user.length, kind, sku)
  const { view, bytes } = record
  view.setUint32(at + eventOffset.claim, refund.claim, true)
  view.setUint16(at + eventOffset.qty, refund.qty, true)
  bytes[at + eventOffset.userBytes] = user.length
  bytes[at + eventOffset.refundFlags] = flags
  view.setFloat64(at + eventOffset.refundMinor, refund.amountMinor, true)
  view.setUint32(at + eventOffset.requestHi, refund.requestHi, true)
  view.setUint32(at + eventOffset.requestLo, refund.requestLo, true)
  view.setUint32(at + eventOffset.orderTag, refund.orderTag, true)
  view.setUint32(at + eventOffset.orderTag + 4, 0, true)
  view.setFloat64(at + eventOffset.orderMinor, refund.orderMinor, true)
  view.setFloat64(at + eventOffset.refundedMinor, refund.refundedMinor, true)
  bytes.set(user, at + eventOffset.refundUser)
  return at
}

export function writeRefundTold(record: RecordWriter, sku: number, { claim, requestHi, requestLo }: Refund): number {
  const at = skuEvent(record, 20, eventKind.refundTold, sku)
  record.view.setUint32(at + eventOffset.claim, claim, true)
  record.view.setUint32(at + eventOffset.toldHi, requestHi, true)
  record.view.setUint32(at + eventOffset.toldLo, requestLo, true)
  return at
}

/** From this record on a pseudonym stands for the user. */
export function writeErased(record: RecordWriter, position: Position, pseudonym: Pseudonym): number {
  const name = utf8.encode(pseudonym)
  const at = record.event(eventOffset.erasedUser + name.length, eventKind.erased)
  const { view, bytes } = record
  view.setUint32(at + eventOffset.erasedSeq, position.seq, true)
  view.setFloat64(at + eventOffset.erasedEpoch, position.epoch, true)
  view.setUint32(at + eventOffset.erasedHash, hashInPseudonym(pseudonym), true)
  bytes.set(name, at + eventOffset.erasedUser)
  return at
}

export function writeResumedBy(record: RecordWriter, epoch: number, gapMs: number): number {
  const at = skuEvent(record, 24, eventKind.resumedBy, 0)
  record.view.setFloat64(at + eventOffset.epoch, epoch, true)
  record.view.setFloat64(at + eventOffset.gapMs, gapMs, true)
  return at
}

function skuEvent(record: RecordWriter, length: number, kind: number, sku: number): number {
  const at = record.event(length, kind)
  record.view.setUint32(at + eventOffset.sku, sku, true)
  return at
}
