import type { ShardKind } from '../protocol/subject.ts'
import { partsOfName, type Position, type ShardName } from './store.ts'

/**
 * The keys of the LMDB tables, as bytes whose order is the order of what they name: shard, then epoch, then seq.
 *
 *     log      kind:1 shard:2 epoch:6 seq:6        chunks   kind:1 shard:2 generation:6 index:4
 *     shards   kind:1 shard:2 what:1               trims    trimmedAt:6 kind:1 shard:2
 *
 * Six bytes hold 2^48: an epoch a second for nine million years.
 */
const kindBytes: Readonly<Record<ShardKind, number>> = { inv: 1, ses: 2 }
const shardBytes = 3
const wideBytes = 6
const wideMax = 2 ** 48 - 1

/** The three bytes that every key of a shard starts with. */
export function shardKey(name: ShardName): Buffer {
  const { kind, shard } = partsOfName(name)
  const key = Buffer.allocUnsafe(shardBytes)
  key[0] = kindBytes[kind]
  key.writeUInt16BE(shard, 1)
  return key
}

/** The first key after all keys that start with `prefix`. */
export function keyAfterPrefix(prefix: Uint8Array): Buffer {
  const key = Buffer.from(prefix)
  for (let i = key.length - 1; i >= 0; i--) {
    const byte = key[i] ?? 0
    if (byte < 0xff) {
      key[i] = byte + 1
      return key.subarray(0, i + 1)
    }
  }
  throw new Error('no key comes after a prefix of 0xff bytes')
}

export function logKey(shard: Uint8Array, position: Position): Buffer {
  const key = Buffer.allocUnsafe(shardBytes + 2 * wideBytes)
  key.set(shard)
  key.writeUIntBE(checkWide(position.epoch), shardBytes, wideBytes)
  key.writeUIntBE(checkWide(position.seq), shardBytes + wideBytes, wideBytes)
  return key
}

export function logPosition(key: Buffer): Position {
  return { epoch: key.readUIntBE(shardBytes, wideBytes), seq: key.readUIntBE(shardBytes + wideBytes, wideBytes) }
}

export function chunkKey(shard: Uint8Array, generation: number, index: number): Buffer {
  const key = Buffer.allocUnsafe(shardBytes + wideBytes + 4)
  key.set(shard)
  key.writeUIntBE(checkWide(generation), shardBytes, wideBytes)
  key.writeUInt32BE(index, shardBytes + wideBytes)
  return key
}

/** Keeps a shard's newest epoch. */
export function epochKey(shard: Uint8Array): Buffer {
  return Buffer.concat([shard, Buffer.from('e')])
}

/** Keeps what is known of a shard's snapshot. */
export function manifestKey(shard: Uint8Array): Buffer {
  return Buffer.concat([shard, Buffer.from('s')])
}

export function trimKey(trimmedAt: number, shard: Uint8Array): Buffer {
  const key = Buffer.allocUnsafe(wideBytes + shardBytes)
  key.writeUIntBE(checkWide(trimmedAt), 0, wideBytes)
  key.set(shard, wideBytes)
  return key
}

export function trimParts(key: Buffer): { readonly trimmedAt: number; readonly shard: Buffer } {
  return { trimmedAt: key.readUIntBE(0, wideBytes), shard: key.subarray(wideBytes) }
}

function checkWide(value: number): number {
  if (!Number.isInteger(value) || value < 0 || value > wideMax) throw new Error(`${value} does not fit into a key`)
  return value
}
