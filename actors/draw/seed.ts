import { createHmac } from 'node:crypto'
import { type BeaconPlan, planBytes } from './beacon.ts'
import { drawHash, textBytes } from './draw-hash.ts'
import { entryIdBytes } from './roster.ts'

export const seedBytes = 32

/** What is published when a draw is announced: whoever has it can tell later whether the seed, the SKU or the planned beacon was exchanged. */
export function commitmentOf(seed: Uint8Array, sku: string, beacon: BeaconPlan | undefined): Buffer {
  return drawHash('commitment', seed, textBytes(sku), planBytes(beacon))
}

/**
 * Names a user in a draw: an HMAC under a key of the seed, so that a roster names nobody before the seed is known and everyone finds their own
 * entry afterwards. Whoever then guesses a user id can look it up too (docs/draw.md).
 */
export class EntryIds {
  private readonly key: Uint8Array

  constructor(seed: Uint8Array) {
    this.key = drawHash('entry-key', seed)
  }

  of(user: Uint8Array): Uint8Array {
    return createHmac('sha256', this.key).update(user).digest().subarray(0, entryIdBytes)
  }
}
