/**
 * Tokens that come at a steady rate up to a burst. Asked for more than there are, it gives what it has.
 */
export class TokenBucket {
  private tokens: number
  private at: number
  private readonly ratePerMs: number
  private readonly burst: number

  constructor(ratePerSecond: number, burst: number, now: number) {
    this.ratePerMs = ratePerSecond / 1000
    this.burst = burst
    this.tokens = burst
    this.at = now
  }

  /** Takes up to `wanted` whole tokens and returns how many; `now` is monotonic ms. */
  take(wanted: number, now: number): number {
    this.refill(now)
    const given = Math.min(wanted, Math.floor(this.tokens))
    this.tokens -= given
    return given
  }

  /** ms until there is a whole token. */
  waitMs(): number {
    return this.tokens >= 1 ? 0 : Math.ceil((1 - this.tokens) / this.ratePerMs)
  }

  /** Whether nothing would be lost by forgetting this bucket. */
  isFull(now: number): boolean {
    this.refill(now)
    return this.tokens >= this.burst
  }

  private refill(now: number): void {
    if (now <= this.at) return
    this.tokens = Math.min(this.burst, this.tokens + (now - this.at) * this.ratePerMs)
    this.at = now
  }
}

/** One bucket per key, a bounded number of them. Full ones are forgotten; when all are in use, new keys share one. */
export class TokenBuckets {
  private readonly buckets = new Map<string, TokenBucket>()
  private readonly ratePerSecond: number
  private readonly burst: number
  private readonly keysMax: number
  private readonly shared: TokenBucket

  constructor(ratePerSecond: number, burst: number, keysMax: number, now: number) {
    this.ratePerSecond = ratePerSecond
    this.burst = burst
    this.keysMax = keysMax
    this.shared = new TokenBucket(ratePerSecond, burst, now)
  }

  of(key: string, now: number): TokenBucket {
    const known = this.buckets.get(key)
    if (known !== undefined) return known
    if (this.buckets.size >= this.keysMax) return this.shared
    const bucket = new TokenBucket(this.ratePerSecond, this.burst, now)
    this.buckets.set(key, bucket)
    return bucket
  }

  /** Forgets full buckets; called now and then. */
  sweep(now: number): void {
    for (const [key, bucket] of this.buckets) if (bucket.isFull(now)) this.buckets.delete(key)
  }
}
