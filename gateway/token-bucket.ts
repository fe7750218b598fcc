/**
 * Tokens that come at a steady rate up to a burst. Asked for more than there are, it gives what it has.
 */
export class TokenBucket {
  /** Thousandths of tokens: with a rate per second and times in ms these are exact, so whoever waits as long as told gets a token. */
  private milliTokens: number
  private at: number
  private readonly ratePerSecond: number
  private readonly burst: number

  constructor(ratePerSecond: number, burst: number, now: number) {
    this.ratePerSecond = ratePerSecond
    this.burst = burst
    this.milliTokens = burst * 1000
    this.at = now
  }

  /** Takes up to `wanted` whole tokens and returns how many; `now` is monotonic ms. */
  take(wanted: number, now: number): number {
    this.refill(now)
    const given = Math.min(wanted, Math.floor(this.milliTokens / 1000))
    this.milliTokens -= given * 1000
    return given
  }

  /** ms until there is a whole token. */
  waitMs(): number {
    return this.milliTokens >= 1000 ? 0 : Math.ceil((1000 - this.milliTokens) / this.ratePerSecond)
  }

  /** Whether nothing would be lost by forgetting this bucket. */
  isFull(now: number): boolean {
    this.refill(now)
    return this.milliTokens >= this.burst * 1000
  }

  private refill(now: number): void {
    if (now <= this.at) return
    this.milliTokens = Math.min(this.burst * 1000, this.milliTokens + (now - this.at) * this.ratePerSecond)
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
