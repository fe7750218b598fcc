import type { Position } from './store.ts'

/** What is known of a shard's newest snapshot. Up to its position the journal is trimmed: recovery skips it, the archive keeps it. */
export interface Manifest {
  readonly position: Position
  /** The shard's time at that position. */
  readonly now: number
  /** Tells this snapshot's chunks from those of the one before and of one that was never finished. */
  readonly generation: number
  readonly chunkCount: number
}

const positionBytes = 16
const manifestBytes = positionBytes + 20

export function encodePosition(position: Position): Buffer {
  const bytes = Buffer.alloc(positionBytes)
  writePosition(bytes, position)
  return bytes
}

export function decodePosition(bytes: Buffer): Position {
  return { epoch: bytes.readDoubleBE(0), seq: bytes.readDoubleBE(8) }
}

export function encodeManifest(manifest: Manifest): Buffer {
  const bytes = Buffer.alloc(manifestBytes)
  writePosition(bytes, manifest.position)
  bytes.writeDoubleBE(manifest.generation, positionBytes)
  bytes.writeUInt32BE(manifest.chunkCount, positionBytes + 8)
  bytes.writeDoubleBE(manifest.now, positionBytes + 12)
  return bytes
}

export function decodeManifest(bytes: Buffer): Manifest {
  return {
    position: decodePosition(bytes),
    generation: bytes.readDoubleBE(positionBytes),
    chunkCount: bytes.readUInt32BE(positionBytes + 8),
    now: bytes.readDoubleBE(positionBytes + 12),
  }
}

function writePosition(bytes: Buffer, position: Position): void {
  bytes.writeDoubleBE(position.epoch, 0)
  bytes.writeDoubleBE(position.seq, 8)
}
