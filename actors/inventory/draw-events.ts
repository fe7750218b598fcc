import { entryIdBytes } from '../draw/roster.ts'
import { seedBytes } from '../draw/seed.ts'
import type { RecordWriter } from '../record.ts'
import { eventKind, eventOffset, writeNumbered } from './events.ts'

/**
 * What happens to a lobby, as bytes behind the common head of an event and `u32 sku` (events.ts):
 *
 *     lobbyClosed   u32 cutoff          the last claim that takes part in the draw
 *     counted       u32 to at 8, u32 count at 12, then `count` times u32 claim, then as many entry ids      claims up to `to` have been looked at
 *     rosterHashed  f64 beaconUntil at 8, 32 bytes of hash at 16
 *     beaconCame    value at 8          empty if it did not come in time
 *     seated        u32 to at 8, u8 isLate at 12, then u32 claims from 16      these get the next tickets, in this order; `to` is the position,
 *                                       or with isLate the claim, up to which everyone has been seated or was gone
 *     drawn         u32 0               everyone is seated
 *     seedRevealed  32 bytes of seed at 8      the order is fixed by what is journaled before it, and follows from that and this
 */
const at = { to: 8, count: 12, claims: 16, beaconUntil: 8, hash: 16, value: 8, isLate: 12, seed: 8 } as const
const hashBytes = 32

export function writeLobbyClosed(record: RecordWriter, sku: number, cutoff: number): number {
  return writeNumbered(record, eventKind.lobbyClosed, sku, cutoff)
}

/** Some of the lobby's people: `claims`, and their entry ids one after the other. */
export interface Counted {
  readonly to: number
  readonly claims: Uint32Array
  readonly ids: Uint8Array
}

export function writeCounted(record: RecordWriter, sku: number, { to, claims, ids }: Counted): number {
  const from = begin(record, at.claims + claims.length * 4 + ids.length, eventKind.counted, sku)
  record.view.setUint32(from + at.to, to, true)
  record.view.setUint32(from + at.count, claims.length, true)
  writeClaims(record, from, claims)
  record.bytes.set(ids, from + at.claims + claims.length * 4)
  return from
}

export function readCounted(bytes: Uint8Array, view: DataView, from: number): Counted {
  const count = view.getUint32(from + at.count, true)
  const idsAt = from + at.claims + count * 4
  return {
    to: view.getUint32(from + at.to, true),
    claims: readClaims(view, from, count),
    ids: bytes.slice(idsAt, idsAt + count * entryIdBytes),
  }
}

export function writeRosterHashed(record: RecordWriter, sku: number, hash: Uint8Array, beaconUntil: number): number {
  const from = begin(record, at.hash + hashBytes, eventKind.rosterHashed, sku)
  record.view.setFloat64(from + at.beaconUntil, beaconUntil, true)
  record.bytes.set(hash, from + at.hash)
  return from
}

export function readRosterHashed(
  bytes: Uint8Array,
  view: DataView,
  from: number,
): { readonly hash: Uint8Array; readonly beaconUntil: number } {
  return {
    hash: bytes.slice(from + at.hash, from + at.hash + hashBytes),
    beaconUntil: view.getFloat64(from + at.beaconUntil, true),
  }
}

/** `value` is empty for one that did not come. */
export function writeBeaconCame(record: RecordWriter, sku: number, value: Uint8Array): number {
  const from = begin(record, at.value + value.length, eventKind.beaconCame, sku)
  record.bytes.set(value, from + at.value)
  return from
}

export function readBeaconCame(bytes: Uint8Array, view: DataView, from: number): string | null {
  const value = bytes.subarray(from + at.value, from + view.getUint16(from, true))
  return value.length === 0 ? null : Buffer.from(value).toString('hex')
}

export function writeSeedRevealed(record: RecordWriter, sku: number, seed: Uint8Array): number {
  const from = begin(record, at.seed + seedBytes, eventKind.seedRevealed, sku)
  record.bytes.set(seed, from + at.seed)
  return from
}

export function readSeedRevealed(bytes: Uint8Array, from: number): Uint8Array {
  return bytes.slice(from + at.seed, from + at.seed + seedBytes)
}

/** Claims that get tickets; of the drawn order, or of those who came too late. */
export interface Seated {
  readonly to: number
  readonly isLate: boolean
  readonly claims: Uint32Array
}

export function writeSeated(record: RecordWriter, sku: number, { to, isLate, claims }: Seated): number {
  const from = begin(record, at.claims + claims.length * 4, eventKind.seated, sku)
  record.view.setUint32(from + at.to, to, true)
  record.view.setUint32(from + at.isLate, isLate ? 1 : 0, true)
  writeClaims(record, from, claims)
  return from
}

export function readSeated(bytes: Uint8Array, view: DataView, from: number): Seated {
  const count = (view.getUint16(from, true) - at.claims) / 4
  return { to: view.getUint32(from + at.to, true), isLate: bytes[from + at.isLate] === 1, claims: readClaims(view, from, count) }
}

export function writeDrawn(record: RecordWriter, sku: number): number {
  return writeNumbered(record, eventKind.drawn, sku, 0)
}

function begin(record: RecordWriter, length: number, kind: number, sku: number): number {
  const from = record.event(length, kind)
  record.view.setUint32(from + eventOffset.sku, sku, true)
  return from
}

function writeClaims(record: RecordWriter, from: number, claims: Uint32Array): void {
  for (let i = 0; i < claims.length; i++) record.view.setUint32(from + at.claims + i * 4, claims[i] as number, true)
}

function readClaims(view: DataView, from: number, count: number): Uint32Array {
  const claims = new Uint32Array(count)
  for (let i = 0; i < count; i++) claims[i] = view.getUint32(from + at.claims + i * 4, true)
  return claims
}
