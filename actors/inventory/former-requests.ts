/** Longer than any call's deadline (G4): for this long an ended claim and a replaced request id are remembered. */
export const requestMemoryMs = 120_000

/** Re-buys, leaves, checkouts and deeds of operators within {@link requestMemoryMs} that one SKU remembers; one more is `BUSY`. */
export const formerRequestsMax = 1_000_000

/**
 * Request ids whose claim was replaced by a later one of the same user, and those of requests without a claim of their own (answered-requests.ts),
 * so that a copy that arrives late does nothing. The request of a user's latest claim is not in here: its row of the user table remembers it.
 */
export class FormerRequests {
  private readonly times = new Map<string, number>()

  has(userHash: number, requestHi: number, requestLo: number, now: number): boolean {
    if (this.times.size === 0) return false
    const at = this.times.get(keyOf(userHash, requestHi, requestLo))
    return at !== undefined && now - at <= requestMemoryMs
  }

  isFull(now: number): boolean {
    this.dropOld(now)
    return this.times.size >= formerRequestsMax
  }

  remember(userHash: number, requestHi: number, requestLo: number, now: number): void {
    this.dropOld(now)
    if (requestHi !== 0 || requestLo !== 0) this.times.set(keyOf(userHash, requestHi, requestLo), now)
  }

  entries(): (readonly [key: string, at: number])[] {
    return [...this.times]
  }

  restore(entries: readonly (readonly [key: string, at: number])[]): void {
    for (const [key, at] of entries) this.times.set(key, at)
  }

  /** Insertion order is time order, since a shard's time never goes back. */
  private dropOld(now: number): void {
    for (const [key, at] of this.times) {
      if (now - at <= requestMemoryMs) break
      this.times.delete(key)
    }
  }
}

function keyOf(userHash: number, requestHi: number, requestLo: number): string {
  return `${userHash}.${requestHi}.${requestLo}`
}
