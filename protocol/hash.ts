const fnvOffset = 0x811c9dc5
const fnvPrime = 0x01000193

/**
 * 32-bit hash of `bytes[from, to)`: FNV-1a with the finaliser of MurmurHash3, so that ids that differ in their last digit spread over all shards.
 * It decides where a SKU and a user live, so it never changes. Cost: about a nanosecond a byte.
 */
export function hashBytes(bytes: Uint8Array, from: number, to: number): number {
  let hash = fnvOffset
  for (let i = from; i < to; i++) hash = Math.imul(hash ^ (bytes[i] as number), fnvPrime)
  return mix32(hash)
}

/** The hash of a text's UTF-8 bytes. */
export function hashText(text: string): number {
  const bytes = new TextEncoder().encode(text)
  return hashBytes(bytes, 0, bytes.length)
}

/** A second, independent hash of the same bytes: together with {@link hashBytes} it makes the 64 bits by which request ids are remembered. */
export function hashBytesAgain(bytes: Uint8Array, from: number, to: number): number {
  let hash = 0x9747b28c
  for (let i = from; i < to; i++) hash = Math.imul(hash ^ (bytes[i] as number), 0x5bd1e995) + (hash >>> 15)
  return mix32(hash)
}

/** The finaliser of MurmurHash3: every input bit reaches every output bit. */
export function mix32(value: number): number {
  let hash = value
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return (hash ^ (hash >>> 16)) >>> 0
}

/** Which of `shards` a hash belongs to. */
export function shardOfHash(hash: number, shards: number): number {
  return hash % shards
}
