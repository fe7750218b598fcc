import type { ClaimState, Eta, Odds } from '../../protocol/results.ts'

/** How far a claim has come. It never goes back, so whatever says less than is known was sent earlier. */
const progress: Readonly<Record<ClaimState['state'], number>> = {
  none: 0,
  lobby: 0,
  queued: 1,
  held: 2,
  pending: 3,
  overdue: 4,
  refunding: 5,
  paid: 6,
  declined: 6,
  cancelled: 6,
  refunded: 6,
  unrefunded: 6,
  expired: 6,
  soldout: 6,
}

/** What one shopper has been told of the one claim it makes, by answers and events in any order. */
export class ToldClaim {
  private told: ClaimState = { state: 'none' }
  /** Times that the place in line was said to be worse than before, which must never happen (G6). */
  rises = 0

  get now(): ClaimState {
    return this.told
  }

  /** Takes in an answer or an event; false if it is older than what is known. */
  take(claim: ClaimState): boolean {
    if (progress[claim.state] < progress[this.told.state]) return false
    if (claim.state === 'queued' && this.told.state === 'queued' && claim.ahead > this.told.ahead) this.rises++
    this.told = claim
    return true
  }

  /** Takes in a new place of the ticket that is known, or the one that a draw has given. */
  takePlace({
    ticket,
    ahead,
    eta,
    odds,
  }: {
    readonly ticket: number
    readonly ahead: number
    readonly eta: Eta
    readonly odds: Odds
  }): void {
    if (this.told.state === 'lobby') this.take({ state: 'queued', ticket, ahead, eta, odds })
    else if (this.told.state === 'queued') this.take({ ...this.told, ahead, eta, odds })
  }
}
