import { promisify } from 'node:util'
import { deflateRaw, inflateRaw } from 'node:zlib'
import type { JournalRecord, Position } from './store.ts'

/**
 * Trimmed records as they are archived: one after the other, then deflated.
 *
 *     epoch:8 seq:8 length:4 bytes:length
 */
const headBytes = 20
/** Records name the same few SKUs and the like again and again; the fastest level finds most of that. */
const level = 1
const deflated = promisify<Buffer, { readonly level: number }, Buffer>(deflateRaw)
const inflated = promisify<Buffer, Buffer>(inflateRaw)

/** Deflates beside the event loop. */
export function encodeSegment(records: readonly JournalRecord[]): Promise<Buffer> {
  const segment = Buffer.allocUnsafe(records.reduce((total, { bytes }) => total + headBytes + bytes.length, 0))
  let at = 0
  for (const { position, bytes } of records) {
    segment.writeDoubleBE(position.epoch, at)
    segment.writeDoubleBE(position.seq, at + 8)
    segment.writeUInt32BE(bytes.length, at + 16)
    segment.set(bytes, at + headBytes)
    at += headBytes + bytes.length
  }
  return deflated(segment, { level })
}

/** Throws if the bytes are not a whole segment. */
export async function decodeSegment(bytes: Buffer): Promise<readonly JournalRecord[]> {
  const segment = await inflated(bytes)
  const records: JournalRecord[] = []
  for (let at = 0; at < segment.length;) {
    const position: Position = { epoch: segment.readDoubleBE(at), seq: segment.readDoubleBE(at + 8) }
    const end = at + headBytes + segment.readUInt32BE(at + 16)
    if (end > segment.length) throw new Error('an archived segment ends within a record')
    records.push({ position, bytes: segment.subarray(at + headBytes, end) })
    at = end
  }
  return records
}
