import { type Cipher, createCipheriv } from 'node:crypto'

const blockBytes = 64 * 1024
const zeros = Buffer.alloc(blockBytes)

/**
 * Numbers that look like chance to everyone without the key and are the same for everyone who has it: the keystream of AES-256-CTR from counter 0,
 * read as big-endian u32.
 */
export class Chance {
  private readonly cipher: Cipher
  private block = Buffer.alloc(0)
  private at = 0

  constructor(key: Uint8Array) {
    this.cipher = createCipheriv('aes-256-ctr', key, Buffer.alloc(16))
  }

  /**
   * A whole number from 0 to `end` - 1, each equally likely; `end` is at most 2^32. A draw at or above the largest multiple of `end` is thrown
   * away, since a plain remainder would prefer small numbers.
   */
  below(end: number): number {
    const fair = 0x1_0000_0000 - (0x1_0000_0000 % end)
    for (;;) {
      const drawn = this.nextU32()
      if (drawn < fair) return drawn % end
    }
  }

  private nextU32(): number {
    if (this.at === this.block.length) {
      this.block = this.cipher.update(zeros)
      this.at = 0
    }
    this.at += 4
    return this.block.readUInt32BE(this.at - 4)
  }
}
