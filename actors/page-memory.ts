/**
 * Memory for a page of a table that lives as long as its sale; zeros at first. V8 counts the bytes of other buffers: whenever there are 64 MB more of them it marks the whole heap, and at every further page stops for
 * some milliseconds to do so (`Heap::ReportExternalMemoryPressure`). A rush adds that much in two seconds, and all of it stays, so marking finds nothing and every
 * call of a twentieth of a second waits. Buffers that may be shared with other threads are counted nowhere (`BackingStore::PerIsolateAccountingLength`), whether they are or not. They go as
 * all others do, with what holds them.
 */
export function pageMemory(bytes: number): SharedArrayBuffer {
  return new SharedArrayBuffer(bytes)
}

/** Words of 32 bits in such memory. */
export function pageOfWords(length: number): Uint32Array {
  return new Uint32Array(pageMemory(length * Uint32Array.BYTES_PER_ELEMENT))
}
