import type { Work } from '../work.ts'
import { copyColumn } from './saved-columns.ts'

/** Claims that ended and when, oldest first: a ring of numbers, because a sale ends hundreds of thousands at once. */
export class EndedClaims {
  private claims = new Uint32Array(64)
  private times = new Float64Array(64)
  /** Of claims that were orders their tag and 1, else 0. */
  private orders = new Uint32Array(64)
  private head = 0
  length = 0

  /** `orderTag` of the order that it was; undefined if it was none. */
  push(claim: number, at: number, orderTag: number | undefined): void {
    if (this.length === this.claims.length) this.grow()
    const slot = (this.head + this.length) & (this.claims.length - 1)
    this.claims[slot] = claim
    this.times[slot] = at
    this.orders[slot] = orderTag === undefined ? 0 : orderTag + 1
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

  /** What is known of a claim that ended. Cost: one step per claim. */
  find(claim: number): { readonly orderTag: number | undefined } | undefined {
    for (let i = this.length - 1; i >= 0; i--) {
      const slot = (this.head + i) & (this.claims.length - 1)
      if (this.claims[slot] !== claim) continue
      const order = this.orders[slot] as number
      return { orderTag: order === 0 ? undefined : order - 1 }
    }
    return undefined
  }

  /** For snapshots: after a sale has sold out there are as many as there were people. */
  save(): SavedEnded {
    const { claims, times, orders } = this.unrolled(this.length)
    return { claims: new Uint8Array(claims.buffer), times: new Uint8Array(times.buffer), orders: new Uint8Array(orders.buffer) }
  }

  /** Fills an empty ring. */
  *restore(saved: SavedEnded): Work<void> {
    const length = saved.claims.length / Uint32Array.BYTES_PER_ELEMENT
    let capacity = this.claims.length
    while (capacity < length) capacity *= 2
    this.claims = new Uint32Array(capacity)
    yield* copyColumn(saved.claims, this.claims)
    this.times = new Float64Array(capacity)
    yield* copyColumn(saved.times, this.times)
    this.orders = new Uint32Array(capacity)
    if (saved.orders === undefined) this.orders.fill(untagged, 0, length)
    else yield* copyColumn(saved.orders, this.orders)
    this.length = length
  }

  private grow(): void {
    const { claims, times, orders } = this.unrolled(this.claims.length * 2)
    this.claims = claims
    this.times = times
    this.orders = orders
    this.head = 0
  }

  /** The ring from its head on, in arrays of this length. */
  private unrolled(length: number): Columns {
    const claims = new Uint32Array(length)
    const times = new Float64Array(length)
    const orders = new Uint32Array(length)
    for (let i = 0; i < this.length; i++) {
      const slot = (this.head + i) & (this.claims.length - 1)
      claims[i] = this.claims[slot] as number
      times[i] = this.times[slot] as number
      orders[i] = this.orders[slot] as number
    }
    return { claims, times, orders }
  }
}

const untagged = 1

interface Columns {
  readonly claims: Uint32Array<ArrayBuffer>
  readonly times: Float64Array<ArrayBuffer>
  readonly orders: Uint32Array<ArrayBuffer>
}

/** The columns as bytes, oldest first, little-endian. */
export interface SavedEnded {
  readonly claims: Uint8Array
  readonly times: Uint8Array
  /** Not in snapshots of versions that had none: any of their claims may have been an order, and no order had a tag. */
  readonly orders?: Uint8Array
}
