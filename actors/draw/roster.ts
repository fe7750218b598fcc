import { createHash } from 'node:crypto'
import type { Work } from '../work.ts'
import { drawHash } from './draw-hash.ts'

export const entryIdBytes = 16
const sliceEntries = 1_024
const bucketCount = 0x1_0000

/**
 * Everyone who takes part in a draw: entry ids one after the other, in ascending order, none twice. A set: who came when is not in it.
 */
export class Roster {
  readonly ids: Uint8Array

  /** Takes ids that are in order already, as {@link problemAt} says. */
  constructor(ids: Uint8Array) {
    this.ids = ids
  }

  get size(): number {
    return this.ids.length / entryIdBytes
  }

  idAt(index: number): Uint8Array {
    return this.ids.subarray(index * entryIdBytes, (index + 1) * entryIdBytes)
  }

  /** The place of an id in the roster, or -1. Cost: O(log n). */
  find(id: Uint8Array): number {
    let from = 0
    let end = this.size
    while (from < end) {
      const middle = (from + end) >>> 1
      const order = Buffer.compare(this.idAt(middle), id)
      if (order === 0) return middle
      if (order < 0) from = middle + 1
      else end = middle
    }
    return -1
  }

  /** The hash that is published when the lobby closes. */
  hash(): Work<Buffer> {
    return hashOf(this.ids)
  }

  /** The first entry that does not come after the one before it, or -1. */
  problemAt(): number {
    for (let i = 1; i < this.size; i++) if (Buffer.compare(this.idAt(i - 1), this.idAt(i)) >= 0) return i
    return -1
  }
}

/**
 * Brings ids into the order of a roster: the permutation by which `ids` becomes one. Ids are HMACs, so that their first two bytes divide them evenly
 * into buckets and no slice has more than a few to sort.
 */
export function* rosterOrder(ids: Uint8Array): Work<Uint32Array> {
  const size = ids.length / entryIdBytes
  const next = new Uint32Array(bucketCount + 1)
  const bucketOf = (entry: number): number => ((ids[entry * entryIdBytes] as number) << 8) | (ids[entry * entryIdBytes + 1] as number)
  for (let i = 0; i < size; i++) {
    const bucket = bucketOf(i) + 1
    next[bucket] = (next[bucket] as number) + 1
    if (i % (sliceEntries * 32) === 0) yield 0
  }
  for (let bucket = 0; bucket < bucketCount; bucket++) next[bucket + 1] = (next[bucket + 1] as number) + (next[bucket] as number)
  const ends = next.slice(1)
  const sorted = new Uint32Array(size)
  for (let i = 0; i < size; i++) {
    const bucket = bucketOf(i)
    const place = next[bucket] as number
    sorted[place] = i
    next[bucket] = place + 1
    if (i % (sliceEntries * 32) === 0) yield (0.1 * i) / size
  }
  const idOf = (entry: number): Uint8Array => ids.subarray(entry * entryIdBytes, (entry + 1) * entryIdBytes)
  for (let bucket = 0, from = 0, sliceFrom = 0; bucket < bucketCount; bucket++) {
    const end = ends[bucket] as number
    if (end - from > 1) sorted.subarray(from, end).sort((a, b) => Buffer.compare(idOf(a), idOf(b)))
    from = end
    if (end - sliceFrom < sliceEntries) continue
    sliceFrom = end
    yield 0.1 + (0.9 * end) / size
  }
  return sorted
}

/** The ids are hashed by themselves first, which can be done in slices. */
function* hashOf(ids: Uint8Array): Work<Buffer> {
  const inner = createHash('sha256')
  const sliceBytes = sliceEntries * entryIdBytes * 64
  for (let at = 0; at < ids.length; at += sliceBytes) {
    inner.update(ids.subarray(at, at + sliceBytes))
    yield at / ids.length
  }
  return drawHash('roster', inner.digest())
}
