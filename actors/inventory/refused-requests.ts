import type { Code } from '../../protocol/codes.ts'
import { requestMemoryMs } from './former-requests.ts'

/** Refusals that one shard remembers; more than this within {@link requestMemoryMs} and further ones are `BUSY`. */
export const refusedRequestsMax = 262_144

/** The last refusal of a user's request for a SKU. */
export interface Refused {
  readonly requestHi: number
  readonly requestLo: number
  readonly code: Code
  readonly at: number
}

/**
 * The last refusal per user and SKU (G12), and what makes a late copy of a refused request be refused again (G4) although the SKU has since
 * opened or got units. Kept by the owner in memory, not journaled: a refusal changes nothing.
 */
export class RefusedRequests {
  private readonly refused = new Map<string, Refused>()

  find(skuIndex: number, user: string): Refused | undefined {
    return this.refused.get(`${skuIndex} ${user}`)
  }

  get isEmpty(): boolean {
    return this.refused.size === 0
  }

  /** False if there is no room; the request must then be answered so that it counts as not made. */
  remember(skuIndex: number, user: string, refused: Refused): boolean {
    const key = `${skuIndex} ${user}`
    this.dropOld(refused.at)
    if (this.refused.size >= refusedRequestsMax && !this.refused.has(key)) return false
    this.refused.delete(key)
    this.refused.set(key, refused)
    return true
  }

  private dropOld(now: number): void {
    for (const [key, refused] of this.refused) {
      if (now - refused.at <= requestMemoryMs) break
      this.refused.delete(key)
    }
  }
}
