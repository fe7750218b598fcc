const trimAt = 1_024

/** Claim numbers in the order of the line. Those that have left stay in it until they come to its head, where `isWaiting` passes over them. */
export class WaitingLine {
  private claims: number[] = []
  private served = 0
  private readonly isWaiting: (claim: number) => boolean

  constructor(isWaiting: (claim: number) => boolean) {
    this.isWaiting = isWaiting
  }

  add(claim: number): void {
    this.claims.push(claim)
  }

  /** Takes the first in line out of it. */
  shift(): number | undefined {
    while (this.served < this.claims.length) {
      const claim = this.claims[this.served++]
      if (this.served >= trimAt && this.served * 2 > this.claims.length) {
        this.claims = this.claims.slice(this.served)
        this.served = 0
      }
      if (claim !== undefined && this.isWaiting(claim)) return claim
    }
    return undefined
  }
}
