import { crc32 } from 'node:zlib'

/**
 * Reads records as actors/record.ts describes them, with code of its own: whoever checks the books does not use the bookkeeper's pen.
 */
const version = 1
const headBytes = 24
const eventHeadBytes = 4
const at = { now: 8, crc: 16, events: 20 } as const

export interface ReadRecord {
  readonly now: number
  readonly events: readonly ReadEvent[]
}

/** One event's bytes, from its length on. */
export interface ReadEvent {
  readonly kind: number
  readonly view: DataView
  readonly bytes: Uint8Array
}

/** What is wrong with a record's bytes, in words, or the record. */
export function readRecord(bytes: Uint8Array): ReadRecord | string {
  if (bytes.length < headBytes) return `has ${bytes.length} bytes, less than its head`
  if (bytes[0] !== version) return `has version ${bytes[0]}, not ${version}`
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  const sum = crc32(bytes.subarray(at.events), crc32(bytes.subarray(0, at.crc)))
  if (view.getUint32(at.crc, true) !== sum) return 'does not match its checksum'
  const events: ReadEvent[] = []
  for (let from = headBytes; from < bytes.length;) {
    const length = from + eventHeadBytes > bytes.length ? 0 : view.getUint16(from, true)
    if (length < eventHeadBytes || from + length > bytes.length) return 'has an event that is longer than itself'
    const event = bytes.subarray(from, from + length)
    events.push({ kind: view.getUint8(from + 2), bytes: event, view: new DataView(event.buffer, event.byteOffset, length) })
    from += length
  }
  const said = view.getUint32(at.events, true)
  if (said !== events.length) return `says it has ${said} events but has ${events.length}`
  return { now: view.getFloat64(at.now, true), events }
}
