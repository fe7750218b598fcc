import { createCipheriv, createDecipheriv, createHash } from 'node:crypto'
import type { Random } from '../../cluster/world.ts'
import type { SkuSettings } from '../../protocol/sku-settings.ts'
import { drawHash, textBytes } from './draw-hash.ts'
import { commitmentOf, seedBytes } from './seed.ts'

const nonceBytes = 12
const tagBytes = 16
const cipher = 'aes-256-gcm'
/** Characters of [a-z0-9]: more than the 256 bits of a seed. */
const chanceCharacters = 52

/** What of a SKU a sealed seed is bound to: under another name it does not open. */
export interface SealedFor {
  readonly sale: string
  readonly sku: string
}

/** What goes into the journal when a draw is announced: nothing of it says what the seed is. */
export interface SealedDraw {
  readonly drawSealed: Uint8Array
  readonly drawCommitment: Uint8Array
}

/**
 * Seals the seeds of draws with a key that is no part of the journal, so that who can read journal, snapshots or archive does not know them.
 * AES-256-GCM; sealed are `nonce (12 bytes), seed encrypted (32), tag (16)`, and sale and SKU are its associated data.
 */
export class SeedBox {
  private readonly key: Uint8Array

  /** `secret`: text that nobody can guess. */
  constructor(secret: string) {
    this.key = drawHash('seal-key', textBytes(secret))
  }

  /** `nonce` must be another each time. */
  seal(seed: Uint8Array, nonce: Uint8Array, of: SealedFor): Uint8Array {
    const sealing = createCipheriv(cipher, this.key, nonce, { authTagLength: tagBytes }).setAAD(boundTo(of))
    const sealed = Buffer.concat([sealing.update(seed), sealing.final()])
    return Buffer.concat([nonce, sealed, sealing.getAuthTag()])
  }

  /** The seed; undefined if it was sealed with another key or for another SKU, or is not what was sealed. */
  open(sealed: Uint8Array, of: SealedFor): Uint8Array | undefined {
    if (sealed.length !== nonceBytes + seedBytes + tagBytes) return undefined
    const opening = createDecipheriv(cipher, this.key, sealed.subarray(0, nonceBytes), { authTagLength: tagBytes })
    opening.setAAD(boundTo(of)).setAuthTag(sealed.subarray(nonceBytes + seedBytes))
    const seed = opening.update(sealed.subarray(nonceBytes, nonceBytes + seedBytes))
    try {
      opening.final()
      return seed
    } catch {
      // All that it can say is that the tag is not the one of this key, text and name.
      return undefined
    }
  }

  /** A new secret seed for the draw of a SKU, sealed, and what is published of it. */
  announce(settings: SkuSettings, random: Random): SealedDraw {
    const seed = chance(random)
    const drawSealed = this.seal(seed, chance(random).subarray(0, nonceBytes), settings)
    return { drawSealed, drawCommitment: commitmentOf(seed, settings.sku, settings.draw?.beacon) }
  }
}

function boundTo({ sale, sku }: SealedFor): Uint8Array {
  return drawHash('sealed-for', textBytes(sale), textBytes(sku))
}

/** 32 bytes that nobody can guess. */
function chance(random: Random): Uint8Array {
  return createHash('sha256').update(random.id(chanceCharacters)).digest()
}
