import type { Position } from '../../cluster/store.ts'
import { hashBytes } from '../../protocol/hash.ts'
import type { SaleId, SkuId } from '../../protocol/ids.ts'
import { packInner, unpackInner } from '../../protocol/inner-codec.ts'
import type { Order, UserInfo } from '../../protocol/results.ts'
import type { ReservationReport } from '../inventory/reservations.ts'
import type { RecordWriter } from '../record.ts'
import type { SavedReservations } from './user-reservations.ts'

/**
 * What can happen to a user's session, as bytes in a record (record.ts). After the common head of 4 bytes:
 *
 *     4  u32 seq         8  f64 epoch     the record's own position, so that an event is applied once to a cold record that may include it already
 *     16 u8  userBytes   17 user, then:
 *
 *     attached  the gateway's subject
 *     detached  the gateway's subject
 *     ordered   inner codec of an Order
 *     reserved  inner codec of a ReservedEvent
 *     reported  inner codec of a ReservationReport
 *     profiled  inner codec of a UserInfo
 *     erased    inner codec of a SavedReservations: what still counts; of everything else nothing is left
 *     struck    u32 hash        in the place of an event of a user who was erased, who is empty: what it adds to the digest
 *     resumed   f64 gapMs      of the shard and not of a user, who is empty: a new owner opened it after so long without one
 *
 * Numbers are part of the journal's format: never reuse one.
 */
export const sessionEvent = {
  attached: 32,
  detached: 33,
  ordered: 34,
  resumed: 38,
  profiled: 39,
  erased: 40,
  struck: 41,
  reserved: 48,
  reported: 49,
} as const

const kindAt = 2
const seqAt = 4
const epochAt = 8
const userBytesAt = 16
const userAt = 17

const utf8 = new TextEncoder()
const utf8Decoder = new TextDecoder()

export type SessionEvent =
  | { readonly kind: 'attached' | 'detached'; readonly user: string; readonly position: Position; readonly gateway: string }
  | { readonly kind: 'ordered'; readonly user: string; readonly position: Position; readonly order: Order }
  | { readonly kind: 'profiled'; readonly user: string; readonly position: Position; readonly info: UserInfo }
  | { readonly kind: 'erased'; readonly user: string; readonly position: Position; readonly kept: SavedReservations }
  | { readonly kind: 'reserved'; readonly user: string; readonly position: Position; readonly reserved: ReservedEvent }
  | { readonly kind: 'reported'; readonly user: string; readonly position: Position; readonly report: ReservationReport }

/** Units that count against the limit of a sale from now on, for one `buy` of one of its SKUs. */
export interface ReservedEvent {
  readonly sku: SkuId
  readonly sale: SaleId
  readonly number: number
  readonly qty: number
}

export function writeAttached(record: RecordWriter, position: Position, user: string, gateway: string): number {
  return write(record, sessionEvent.attached, position, user, utf8.encode(gateway))
}

export function writeDetached(record: RecordWriter, position: Position, user: string, gateway: string): number {
  return write(record, sessionEvent.detached, position, user, utf8.encode(gateway))
}

export function writeOrdered(record: RecordWriter, position: Position, user: string, order: Order): number {
  return write(record, sessionEvent.ordered, position, user, packInner(order))
}

export function writeProfiled(record: RecordWriter, position: Position, user: string, info: UserInfo): number {
  return write(record, sessionEvent.profiled, position, user, packInner(info))
}

export function writeErased(record: RecordWriter, position: Position, user: string, kept: SavedReservations): number {
  return write(record, sessionEvent.erased, position, user, packInner(kept))
}

/** Takes the place of the event that hashed to this. */
export function writeStruck(record: RecordWriter, position: Position, hash: number): number {
  return write(record, sessionEvent.struck, position, '', new Uint8Array(Uint32Array.of(hash).buffer))
}

/** What the event at `at` adds to the digest of its shard. */
export function hashOfEvent(bytes: Uint8Array, view: DataView, at: number): number {
  if (bytes[at + kindAt] === sessionEvent.struck) return view.getUint32(at + userAt, true)
  return hashBytes(bytes, at, at + view.getUint16(at, true))
}

export function isErasure(bytes: Uint8Array, at: number): boolean {
  return bytes[at + kindAt] === sessionEvent.erased
}

export function readErasure(bytes: Uint8Array, view: DataView, at: number): SessionEvent & { readonly kind: 'erased' } {
  const event = readEvent(bytes, view, at)
  if (event.kind !== 'erased') throw new Error(`an event of kind ${event.kind} is no erasure`)
  return event
}

/** The event is about a user, who is named in it. */
export function isOfUser(bytes: Uint8Array, at: number): boolean {
  return bytes[at + userBytesAt] !== 0
}

export function positionOfEvent(view: DataView, at: number): Position {
  return { epoch: view.getFloat64(at + epochAt, true), seq: view.getUint32(at + seqAt, true) }
}

export function writeReserved(record: RecordWriter, position: Position, user: string, reserved: ReservedEvent): number {
  return write(record, sessionEvent.reserved, position, user, packInner(reserved))
}

export function writeReported(record: RecordWriter, position: Position, user: string, report: ReservationReport): number {
  return write(record, sessionEvent.reported, position, user, packInner(report))
}

export function writeResumed(record: RecordWriter, position: Position, gapMs: number): number {
  return write(record, sessionEvent.resumed, position, '', new Uint8Array(Float64Array.of(gapMs).buffer))
}

/** The time without an owner, if the event at `at` tells of one. */
export function gapOfEvent(bytes: Uint8Array, view: DataView, at: number): number | undefined {
  return bytes[at + kindAt] === sessionEvent.resumed ? view.getFloat64(at + userAt, true) : undefined
}

/** Whose event it is, without reading the rest. */
export function userOfEvent(bytes: Uint8Array, at: number): string {
  return utf8Decoder.decode(bytes.subarray(at + userAt, at + userAt + (bytes[at + userBytesAt] as number)))
}

export function readEvent(bytes: Uint8Array, view: DataView, at: number): SessionEvent {
  const user = userOfEvent(bytes, at)
  const position = positionOfEvent(view, at)
  const body = bytes.subarray(at + userAt + (bytes[at + userBytesAt] as number), at + view.getUint16(at, true))
  const kind = bytes[at + kindAt]
  switch (kind) {
    case sessionEvent.attached:
      return { kind: 'attached', user, position, gateway: utf8Decoder.decode(body) }
    case sessionEvent.detached:
      return { kind: 'detached', user, position, gateway: utf8Decoder.decode(body) }
    case sessionEvent.ordered:
      return { kind: 'ordered', user, position, order: unpackInner<Order>(body) }
    case sessionEvent.profiled:
      return { kind: 'profiled', user, position, info: unpackInner<UserInfo>(body) }
    case sessionEvent.erased:
      return { kind: 'erased', user, position, kept: unpackInner<SavedReservations>(body) }
    case sessionEvent.reserved:
      return { kind: 'reserved', user, position, reserved: unpackInner<ReservedEvent>(body) }
    case sessionEvent.reported:
      return { kind: 'reported', user, position, report: unpackInner<ReservationReport>(body) }
    default:
      throw new Error(`unknown event kind ${kind}`)
  }
}

function write(record: RecordWriter, kind: number, position: Position, user: string, body: Uint8Array): number {
  const userBytes = utf8.encode(user)
  const bodyAt = userAt + userBytes.length
  const at = record.event(bodyAt + body.length, kind)
  const { bytes, view } = record
  view.setUint32(at + seqAt, position.seq, true)
  view.setFloat64(at + epochAt, position.epoch, true)
  bytes[at + userBytesAt] = userBytes.length
  bytes.set(userBytes, at + userAt)
  bytes.set(body, at + bodyAt)
  return at
}
