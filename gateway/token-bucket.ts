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
