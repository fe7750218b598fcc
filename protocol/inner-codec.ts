import { Packr } from 'msgpackr'

// Between our own processes and in the store: plain maps (no record extension), so that a later version can read what an earlier one wrote.
const packr = new Packr({ useRecords: false, int64AsType: 'number', variableMapSize: true })

/** Encodes a value for another part of Sluice: snapshots, cold records, broadcasts, payloads. Never for clients. */
export function packInner(value: unknown): Uint8Array {
  return packr.pack(value)
}

/** Decodes what {@link packInner} made. The bytes come from Sluice itself, so the type is the caller's word. */
export function unpackInner<T>(bytes: Uint8Array): T {
  return packr.unpack(bytes) as T
}
