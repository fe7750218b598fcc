import { appendToRuns } from '../../protocol/broadcast.ts'

/**
 * What changed in a SKU since its last broadcast, collected while events are applied. If more changed than a frame can carry, `overflowed`
 * says so and the gateways read the whole view instead.
 */
export class SkuChanges {
  joined: number[] = []
  left: number[] = []
  changed: number[] = []
  /** Tickets whose users seem to be away. */
  rollCall: number[] = []
  numbers = false
  settings = false
  overflowed = false
  /** People served from the line, holds that ended in a sale or without one: for the estimates. */
  served = 0
  holdsSold = 0
  holdsReleased = 0
  /** Tickets whose people gave them up. */
  gaveUp = 0

  join(claim: number): void {
    this.numbers = true
    appendToRuns(this.joined, claim)
    this.bound(this.joined)
  }

  /** A ticket stopped waiting. */
  leave(claim: number): void {
    this.numbers = true
    appendToRuns(this.left, claim)
    this.bound(this.left)
  }

  change(claim: number): void {
    this.numbers = true
    appendToRuns(this.changed, claim)
    this.bound(this.changed)
  }

  /** Whoever serves this ticket's user has to say so, or it ends. */
  call(claim: number): void {
    this.numbers = true
    appendToRuns(this.rollCall, claim)
    this.bound(this.rollCall)
  }

  get any(): boolean {
    return this.numbers || this.settings || this.overflowed
  }

  /** Begins the next broadcast's collection. */
  reset(): void {
    this.joined = []
    this.left = []
    this.changed = []
    this.rollCall = []
    this.numbers = false
    this.settings = false
    this.overflowed = false
    this.served = 0
    this.holdsSold = 0
    this.holdsReleased = 0
    this.gaveUp = 0
  }

  private bound(runs: number[]): void {
    if (runs.length <= runNumbersMax) return
    this.overflowed = true
    runs.length = 0
  }
}

/** Three lists of this many numbers, at 5 bytes each, stay below a bus frame. */
const runNumbersMax = 40_000
