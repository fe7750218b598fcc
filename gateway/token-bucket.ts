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

  private refill(now: number): void {
    if (now <= this.at) return
    this.milliTokens = Math.min(this.burst * 1000, this.milliTokens + (now - this.at) * this.ratePerSecond)
    this.at = now
  }
}

/**
 * One bucket per key, a bounded number of them; when all are in use, new keys share one. What was not asked for in the time that an empty bucket takes to
 * fill is full, and can be forgotten: so buckets are kept in two generations, of which the older one is dropped whole. To look for full ones
 * among the buckets of a rush would block the event loop for as long as it takes.
 */
export class TokenBuckets {
  private recent = new Map<string, TokenBucket>()
  private former = new Map<string, TokenBucket>()
  /** When the present generation becomes the former one. */
  private turnAt: number
  private readonly ratePerSecond: number
  private readonly burst: number
  private readonly fillMs: number
  private readonly keysMax: number
  private readonly shared: TokenBucket

  constructor(ratePerSecond: number, burst: number, keysMax: number, now: number) {
    this.ratePerSecond = ratePerSecond
    this.burst = burst
    this.fillMs = Math.ceil((burst * 1000) / ratePerSecond)
    this.keysMax = keysMax
    this.turnAt = now + this.fillMs
    this.shared = new TokenBucket(ratePerSecond, burst, now)
  }

  /** `times`: how many times the rate and the burst a new key gets. */
  of(key: string, now: number, times: (key: string) => number = once): TokenBucket {
    this.sweep(now)
    const known = this.recent.get(key)
    if (known !== undefined) return known
    const former = this.former.get(key)
    if (former === undefined && this.recent.size + this.former.size >= this.keysMax) return this.shared
    const bucket = former ?? this.created(times(key), now)
    this.recent.set(key, bucket)
    if (former !== undefined) this.former.delete(key)
    return bucket
  }

  private created(times: number, now: number): TokenBucket {
    return new TokenBucket(this.ratePerSecond * times, this.burst * times, now)
  }

  /** Forgets buckets that are full again, if it is time; called now and then, for while nobody asks. */
  sweep(now: number): void {
    if (now < this.turnAt) return
    const isLongAgo = now >= this.turnAt + this.fillMs
    this.former = isLongAgo ? new Map<string, TokenBucket>() : this.recent
    this.recent = new Map()
    this.turnAt = now + this.fillMs
  }
}

const once = (): number => 1
