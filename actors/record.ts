import { crc32 } from 'node:zlib'

/**
 * One journal record: everything that one batch changed.
 *
 *     0  u8  version     1
 *     1  u8  reserved    0
 *     2  u16 reserved    0
 *     4  u32 digest      of the state after the record; replay must come to the same
 *     8  f64 now         the shard's time, never going back
 *    16  u32 crc         crc32 of all the other bytes
 *    20  u32 events      how many
 *    24  events: u16 length, u8 kind, u8 flags, then the kind's fields
 *
 * Numbers are little-endian. Written by {@link RecordWriter}; live and replay read the same bytes with the same `evolve`.
 */
export const recordVersion = 1
export const recordHeadBytes = 24
const eventHeadBytes = 4
/** A shard has two of them, and a node many shards that nobody asks much of. */
const firstBytes = 4 * 1024

export const recordOffset = { digest: 4, now: 8, crc: 16, events: 20 } as const

/** A record being built; reused for every batch of a shard, since the next batch begins only when this record is stored. */
export class RecordWriter {
  bytes = new Uint8Array(firstBytes)
  view = new DataView(this.bytes.buffer)
  length = recordHeadBytes
  events = 0
  now = 0

  begin(now: number): void {
    this.length = recordHeadBytes
    this.events = 0
    this.now = now
  }

  /** Room for one event of `length` bytes, its head written; the fields are the caller's. Returns where it begins. */
  event(length: number, kind: number): number {
    if (length > 0xffff) throw new RangeError(`an event of ${length} bytes is too long`)
    const at = this.length
    if (at + length > this.bytes.length) this.grow(at + length)
    this.view.setUint16(at, length, true)
    this.view.setUint16(at + 2, kind, true)
    this.length = at + length
    this.events++
    return at
  }

  /** The finished record: a view of the writer's own memory, valid until `begin`. */
  seal(digest: number): Uint8Array {
    const { bytes, view } = this
    bytes[0] = recordVersion
    bytes[1] = 0
    view.setUint16(2, 0, true)
    view.setUint32(recordOffset.digest, digest, true)
    view.setFloat64(recordOffset.now, this.now, true)
    view.setUint32(recordOffset.events, this.events, true)
    const record = bytes.subarray(0, this.length)
    view.setUint32(recordOffset.crc, checksum(record), true)
    return record
  }

  private grow(needed: number): void {
    const larger = new Uint8Array(Math.max(needed, this.bytes.length * 2))
    larger.set(this.bytes.subarray(0, this.length))
    this.bytes = larger
    this.view = new DataView(larger.buffer)
  }
}

export interface RecordHead {
  readonly digest: number
  readonly now: number
  readonly events: number
}

/** A journal that cannot be what Sluice wrote, or was written by a version that this one does not read. */
export class JournalFault extends Error {
  readonly code = 'JOURNAL_CORRUPT'
}

/** A record is missing: of a journal that was trimmed while it was read, or that is damaged. */
export class JournalGap extends JournalFault {}

/** Checks a stored record and returns its head. Throws {@link JournalFault}. */
export function readRecordHead(record: Uint8Array): RecordHead {
  if (record.length < recordHeadBytes) throw new JournalFault('a record is shorter than its head')
  if (record[0] !== recordVersion)
    throw new JournalFault(`a record has version ${record[0]}; this version of Sluice reads ${recordVersion}`)
  const view = new DataView(record.buffer, record.byteOffset, record.length)
  if (view.getUint32(recordOffset.crc, true) !== checksum(record)) {
    throw new JournalFault('a record does not match its checksum')
  }
  return {
    digest: view.getUint32(recordOffset.digest, true),
    now: view.getFloat64(recordOffset.now, true),
    events: view.getUint32(recordOffset.events, true),
  }
}

/** Calls `each` with the offset of every event of a checked record. */
export function eachEvent(record: Uint8Array, view: DataView, each: (at: number) => void): void {
  for (let at = recordHeadBytes; at >= 0;) at = someEvents(record, view, at, Infinity, each)
}

/** Calls `each` with the offsets of at most `most` events from `from` on; returns where the next one is, or -1. */
export function someEvents(record: Uint8Array, view: DataView, from: number, most: number, each: (at: number) => void): number {
  let at = from
  for (let left = most; at < record.length; left--) {
    if (left === 0) return at
    const length = at + eventHeadBytes > record.length ? 0 : view.getUint16(at, true)
    if (length < eventHeadBytes || at + length > record.length) throw new JournalFault('an event is longer than its record')
    each(at)
    at += length
  }
  return -1
}

function checksum(record: Uint8Array): number {
  return crc32(record.subarray(recordOffset.events), crc32(record.subarray(0, recordOffset.crc)))
}
