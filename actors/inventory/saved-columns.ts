import type { Work } from '../work.ts'

export type Column = Uint8Array | Uint16Array | Uint32Array | Float64Array

/** A copy whose buffer begins with the first byte, as typed arrays of wider items need it. */
export function aligned(bytes: Uint8Array): ArrayBuffer {
  const copy = new ArrayBuffer(bytes.length)
  new Uint8Array(copy).set(bytes)
  return copy
}

/** Bytes that one slice copies. */
const copiedPerSlice = 256 * 1024

/** Copies a saved column to the front of one that has room for it. */
export function* copyColumn(from: Uint8Array, into: Column): Work<void> {
  const bytes = new Uint8Array(into.buffer)
  for (let at = 0; at < from.length; at += copiedPerSlice) {
    bytes.set(from.subarray(at, at + copiedPerSlice), at)
    if (at + copiedPerSlice < from.length) yield at / from.length
  }
}
