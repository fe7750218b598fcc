/** Claims that ended and when, oldest first: a ring of numbers, because a sale ends hundreds of thousands at once. */
export class EndedClaims {
  private claims = new Uint32Array(64)
  private times = new Float64Array(64)
  private head = 0
  length = 0

  push(claim: number, at: number): void {
    if (this.length === this.claims.length) this.grow()
    const slot = (this.head + this.length) & (this.claims.length - 1)
    this.claims[slot] = claim
    this.times[slot] = at
    this.length++
  }

  shift(): number {
    if (this.length === 0) throw new Error('no ended claim is kept')
    const claim = this.claims[this.head] as number
    this.head = (this.head + 1) & (this.claims.length - 1)
    this.length--
    return claim
  }

  /** How many of the oldest, at most `limit`, ended at or before `time`. */
  countUntil(time: number, limit: number): number {
    const end = Math.min(this.length, limit)
    let count = 0
    while (count < end && (this.times[(this.head + count) & (this.times.length - 1)] as number) <= time) count++
    return count
  }

  /** Oldest first, for snapshots. */
  *entries(): Generator<readonly [claim: number, at: number]> {
    for (let i = 0; i < this.length; i++) {
      const slot = (this.head + i) & (this.claims.length - 1)
      yield [this.claims[slot] as number, this.times[slot] as number]
    }
  }

  private grow(): void {
    const claims = new Uint32Array(this.claims.length * 2)
    const times = new Float64Array(this.claims.length * 2)
    let i = 0
    for (const [claim, at] of this.entries()) {
      claims[i] = claim
      times[i++] = at
    }
    this.claims = claims
    this.times = times
    this.head = 0
  }
}
