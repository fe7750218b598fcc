import type { Code } from '../../protocol/codes.ts'
import { requestMemoryMs } from './former-requests.ts'

/** Refusals that one shard remembers; more than this within {@link requestMemoryMs} and further ones are `BUSY`. */
export const refusedRequestsMax = 262_144

/** A request that was refused for good. */
export interface Refused {
  readonly skuIndex: number
  readonly userHash: number
  readonly requestHi: number
  readonly requestLo: number
  readonly code: Code
  readonly at: number
}

/**
 * What makes a late copy of a refused request be refused again (G4) although the SKU has since got units. Kept by the owner in memory, not
 * journaled: a refusal changes nothing. Looked up once per new buyer, so keys are numbers.
 */
export class RefusedRequests {
  private readonly refused = new Map<number, Refused>()

  get isEmpty(): boolean {
    return this.refused.size === 0
  }

  find(skuIndex: number, userHash: number, requestHi: number, requestLo: number, now: number): Code | undefined {
    const known = this.refused.get(keyOf(skuIndex, userHash, requestHi, requestLo))
    if (known === undefined || now - known.at > requestMemoryMs || known.skuIndex !== skuIndex || known.userHash !== userHash)
      return undefined
    return known.requestHi === requestHi && known.requestLo === requestLo ? known.code : undefined
  }

  /** False if there is no room; the request must then be answered so that it counts as not made. */
  remember(refused: Refused): boolean {
    this.dropOld(refused.at)
    if (this.refused.size >= refusedRequestsMax) return false
    const key = keyOf(refused.skuIndex, refused.userHash, refused.requestHi, refused.requestLo)
    this.refused.delete(key)
    this.refused.set(key, refused)
    return true
  }

  /** Insertion order is time order, since a shard's time never goes back. */
  dropOld(now: number): void {
    for (const [key, refused] of this.refused) {
      if (now - refused.at <= requestMemoryMs) break
      this.refused.delete(key)
    }
  }
}

/** 53 bits of hashes: at the most that is kept, two different requests have the same key once in 200,000 full memories. */
function keyOf(skuIndex: number, userHash: number, requestHi: number, requestLo: number): number {
  return ((requestHi ^ userHash ^ skuIndex) >>> 0) * 0x20_0000 + (requestLo >>> 11)
}
