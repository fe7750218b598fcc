import { aligned } from './user-table.ts'

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

  /** For snapshots: after a sale has sold out there are as many as there were people. */
  save(): SavedEnded {
    const { claims, times } = this.unrolled(this.length)
    return { claims: new Uint8Array(claims.buffer), times: new Uint8Array(times.buffer) }
  }

  restore(saved: SavedEnded): void {
    const claims = new Uint32Array(aligned(saved.claims))
    const times = new Float64Array(aligned(saved.times))
    for (let i = 0; i < claims.length; i++) this.push(claims[i] as number, times[i] as number)
  }

  private grow(): void {
    const { claims, times } = this.unrolled(this.claims.length * 2)
    this.claims = claims
    this.times = times
    this.head = 0
  }

  /** The ring from its head on, in arrays of this length. */
  private unrolled(length: number): { readonly claims: Uint32Array<ArrayBuffer>; readonly times: Float64Array<ArrayBuffer> } {
    const claims = new Uint32Array(length)
    const times = new Float64Array(length)
    for (let i = 0; i < this.length; i++) {
      const slot = (this.head + i) & (this.claims.length - 1)
      claims[i] = this.claims[slot] as number
      times[i] = this.times[slot] as number
    }
    return { claims, times }
  }
}

/** The two columns as bytes, oldest first, little-endian. */
export interface SavedEnded {
  readonly claims: Uint8Array
  readonly times: Uint8Array
}
