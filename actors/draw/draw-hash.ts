import { createHash } from 'node:crypto'

/**
 * SHA-256 of a purpose and byte strings: `sluice.draw.1.<purpose>`, a zero byte, then of each part its length as a big-endian u32 and its bytes.
 * The purpose keeps one kind of hash from ever being another's, the lengths keep parts from being divided otherwise.
 */
export function drawHash(purpose: HashPurpose, ...parts: readonly Uint8Array[]): Buffer {
  const hash = createHash('sha256').update(`sluice.draw.1.${purpose}\0`)
  const length = Buffer.alloc(4)
  for (const part of parts) {
    length.writeUInt32BE(part.length)
    hash.update(length).update(part)
  }
  return hash.digest()
}

export type HashPurpose = 'commitment' | 'entry-key' | 'roster' | 'order-key' | 'seal-key' | 'sealed-for'

/** UTF-8, as every text of a draw is hashed. */
export function textBytes(text: string): Uint8Array {
  return Buffer.from(text, 'utf8')
}
