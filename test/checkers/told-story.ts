import type { PromiseId } from '../../ops/journal/stock-ledger.ts'
import { parseOrderId } from '../../protocol/ids.ts'
import type { ClaimState, OrderClaim } from '../../protocol/results.ts'
import type { Complain } from './findings.ts'

const none: ClaimState = { state: 'none' }

export type Deed = 'buy' | 'leave' | 'checkout' | 'cancel'

/** What a user has asked for since the latest claim began. With several devices nobody knows which claim it was that somebody asked something of. */
export class Deeds {
  buy = false
  leave = false
  checkout = false
  cancel = false
  devices = 0
  /** Calls whose outcome is not known: whenever one of them arrives, it may do what it asks for. */
  private readonly unknown = { buy: 0, leave: 0, checkout: 0, cancel: 0 }

  ask(deed: Deed): void {
    this[deed] = true
    this.unknown[deed]++
  }

  /** The outcome of a call is known. */
  end(deed: Deed): void {
    this.unknown[deed] = Math.max(0, this.unknown[deed] - 1)
  }

  /** A claim has begun of which nothing was asked yet. */
  begin(): void {
    if (this.devices > 1) return
    this.buy = this.unknown.buy > 0
    this.leave = this.unknown.leave > 0
    this.checkout = this.unknown.checkout > 0
    this.cancel = this.unknown.cancel > 0
  }
}

export interface StoryOptions {
  /** Shared by all devices of a user, each of which hears a story of its own. */
  readonly deeds?: Deeds
  /** How far apart the clocks of teller and listener may be. */
  readonly slackMs?: number
  /** A word may come any time after it was said: how long ago the one before it came says nothing. */
  readonly isDelayed?: boolean
}

/**
 * What one user was told of one SKU by one device's connections, held against what the user did: each word has to follow from the one before by something that the user asked
 * for, or by what a sale does by itself (G4 to G7). Whatever was told once and is gone later shows here, whoever lost it.
 *
 *     lobby -> queued n           its place was drawn
 *     queued n -> held n          its turn came; `ahead` never rises while it waits
 *     queued n -> soldout         held n -> expired, not before the deadline that was told
 *     queued n -> expired         with the reason `absent`, which other checkers look into
 *     none, asked -> the end of what was asked for, if no word came through in between
 *     queued n, held n -> none    only if the user left
 *     held n -> order n           only if the user checked out; the order then ends once, cancelled only if the user wanted that, and stays as it ended
 *     ended -> queued m, held m   only if the user bought again, with m > n
 */
export class ToldStory {
  last: ClaimState = none
  /** Rises with every word. */
  version = 0
  private number = 0
  /** The last word while the claim was a place or a hold, and when it was said. */
  private lastLive: ClaimState = none
  private lastLiveAt = 0
  private forgivenUntil = -Infinity
  private isForgiven = false
  /** The largest claim number that a store which lost records has kept; {@link number} may be one that it lost, and will give out again. */
  private lastKept = Infinity
  private isNumberLost = false
  private readonly asked: Deeds
  private readonly slackMs: number
  private readonly isDelayed: boolean
  private readonly who: string
  private readonly holdTtlMs: number
  private readonly complain: Complain

  constructor(
    who: string,
    holdTtlMs: number,
    complain: Complain,
    { deeds = new Deeds(), slackMs = 0, isDelayed = false }: StoryOptions = {},
  ) {
    this.asked = deeds
    deeds.devices++
    this.slackMs = slackMs
    this.isDelayed = isDelayed
    this.who = who
    this.holdTtlMs = holdTtlMs
    this.complain = complain
  }

  /** From now on the claim may move this way; said before the call leaves, since nobody knows when it arrives. */
  asks(what: Deed): void {
    this.asked.ask(what)
  }

  /** The call has an answer that says what became of it, which comes to {@link told} before this. */
  ends(what: Deed): void {
    this.asked.end(what)
  }

  /** The claim is a place, a hold or an order that is not settled. */
  get isLive(): boolean {
    return isLive(this.last)
  }

  told(next: ClaimState, now: number, isAnswer = false): void {
    const problem = isAnswer && this.isOvertaken(next) ? undefined : this.problemOf(next, now)
    const forgives = this.forgives(now)
    if (problem !== undefined && !forgives) {
      const [promise, what] = problem
      this.complain(promise, `${this.who}: ${what}: after ${JSON.stringify(this.last)} came ${JSON.stringify(next)}`)
    }
    const number = numberOf(next)
    if (number !== undefined && (number !== this.number || this.isGivenAgain(next, now))) {
      this.number = number
      this.isNumberLost = number > this.lastKept && now <= this.forgivenUntil
      this.asked.begin()
    }
    this.last = next
    if (next.state === 'queued' || next.state === 'held') {
      this.lastLive = next
      this.lastLiveAt = now
    }
    this.version++
  }

  /**
   * The store has lost what some of this was about, and all claims after `lastKept`: until then, and in the next word after it, the story may take a
   * turn that nothing explains.
   */
  forgive(untilMs: number, lastKept: number): void {
    this.forgivenUntil = untilMs
    this.isForgiven = true
    this.lastKept = lastKept
    this.isNumberLost = this.number > lastKept
  }

  private forgives(now: number): boolean {
    if (!this.isForgiven) return false
    this.isForgiven = now <= this.forgivenUntil
    return true
  }

  private problemOf(next: ClaimState, now: number): StoryProblem | undefined {
    const number = numberOf(next)
    if (number === undefined) return this.endProblem(next, now)
    if (number === this.number) return this.isGivenAgain(next, now) ? undefined : this.sameClaimProblem(next)
    if (number < this.number && !this.isNumberLost) return ['G7', 'an older claim came back']
    return this.newClaimProblem(now)
  }

  /** The answer to a checkout says what became of it then, and may come after what became of it since. That is told again, or is not fresh (G10). */
  private isOvertaken(next: ClaimState): boolean {
    const { last } = this
    return isOrder(next) && isOrder(last) && next.order === last.order && isLive(next)
  }

  private newClaimProblem(now: number): StoryProblem | undefined {
    if (!this.asked.buy) return ['G4', 'a claim that nobody asked for']
    return this.asked.leave || this.wasPaidElsewhere || this.mayHaveEnded(now) ? undefined : ['G4', 'a second claim beside a live one']
  }

  /** By another device, and no word of that has come. */
  private get wasPaidElsewhere(): boolean {
    return this.asked.checkout && this.asked.devices > 1 && this.last.state === 'held'
  }

  /** A new claim has the number of the one before it, which the store has lost. */
  private isGivenAgain(next: ClaimState, now: number): boolean {
    if (!this.isNumberLost || this.sameClaimProblem(next) === undefined) return false
    // Orders are told apart by their ids, also under one number.
    if (isOrder(next) && isOrder(this.last) && next.order === this.last.order) return false
    return this.newClaimProblem(now) === undefined
  }

  /** Without a word of it: a payment may have been declined meanwhile, a hold's time may be over, and a place may have been served or sold out. */
  private mayHaveEnded(now: number): boolean {
    const { last } = this
    if (last.state === 'queued') return this.isDelayed
    return !isLive(last) || isOrder(last) || (last.state === 'held' && now >= last.expiresAt - this.slackMs)
  }

  /** The claim has ended, or there is none. */
  private endProblem(next: ClaimState, now: number): StoryProblem | undefined {
    const { last, lastLive } = this
    if (next.state === last.state) return undefined
    if (next.state === 'lobby') return this.lobbyProblem()
    // What has ended is forgotten some time, and to leave it, by a copy of an older call perhaps, leaves nothing.
    if (next.state === 'none')
      return this.asked.leave || last.state === 'expired' || last.state === 'soldout' ? undefined : ['G7', 'a claim is gone']
    // Who leaves what has ended in the same moment is told that there is nothing, and hears of that end later.
    const from = last.state === 'none' && this.asked.leave ? lastLive : last
    // What was asked for, by whichever device, may have begun and ended unheard, and the first word of it is its end.
    const mayBeNew = this.asked.buy && (!isLive(last) || this.asked.devices > 1 || this.mayHaveEnded(now))
    const waited = from.state === 'queued' || from.state === 'lobby' || mayBeNew
    if (next.state === 'soldout') return waited ? undefined : ['G2', 'sold out without a place']
    if (next.state === 'expired' && next.reason === 'absent') return waited ? undefined : ['G7', 'absent without a place']
    if (next.state !== 'expired') return ['G7', 'a state that this sale does not have']
    const hadTime = this.isDelayed || now - this.lastLiveAt >= this.holdTtlMs - this.slackMs
    if (waited && hadTime) return undefined
    if (from.state !== 'held') return ['G7', 'a hold ended that there was no time for']
    return now < from.expiresAt - this.slackMs ? ['G7', 'a hold ended before its deadline'] : undefined
  }

  private lobbyProblem(): StoryProblem | undefined {
    if (this.number > 0 && !this.isNumberLost) return ['G6', 'a claim went back to the lobby']
    return this.asked.buy ? undefined : ['G4', 'a place in the lobby that nobody asked for']
  }

  private sameClaimProblem(next: ClaimState): StoryProblem | undefined {
    const { last } = this
    if (next.state === 'queued') {
      if (last.state !== 'queued') return ['G7', 'a claim went back into the line']
      return next.ahead > last.ahead ? ['G6', 'a place in line got worse'] : undefined
    }
    if (next.state === 'held') {
      if (last.state === 'queued') return undefined
      if (last.state !== 'held') return ['G7', 'a claim became a hold again']
      // While a sale is paused its owner moves the end along with its clock, and the next owner's may be behind.
      return next.expiresAt < last.expiresAt - this.slackMs ? ['G7', 'a deadline came nearer'] : undefined
    }
    // Also one that came back after its store had lost the claim that followed it, and of which nothing was asked since.
    const isSameOrder = isOrder(last) && isOrder(next) && last.order === next.order
    if (isSameOrder && last.state === next.state) return undefined
    if (next.state === 'cancelled' && !this.asked.cancel) return ['G8', 'an order that nobody gave up was cancelled']
    if (isSameOrder) return orderProblem(last, next)
    if (!this.asked.checkout) return ['G8', 'an order that nobody asked for']
    if (last.state === 'queued' || last.state === 'held') return undefined
    // Who leaves what has just been settled is told that there is nothing to leave, and hears how it was settled later.
    if (last.state === 'none' && this.asked.leave) return undefined
    if (!isOrder(last)) return ['G8', 'an order came out of an ended claim']
    return orderProblem(last, next)
  }
}

type StoryProblem = readonly [promise: PromiseId, what: string]

/** The number that a claim keeps from the line to the order; undefined for what has none. */
export function numberOf(claim: ClaimState): number | undefined {
  if (claim.state === 'queued') return claim.ticket
  if (claim.state === 'held') return claim.hold
  return isOrder(claim) ? parseOrderId(claim.order)?.claim : undefined
}

export function isLive(claim: ClaimState): boolean {
  return claim.state === 'queued' || claim.state === 'held' || claim.state === 'pending' || claim.state === 'overdue'
}

export function isOrder(claim: ClaimState): claim is OrderClaim {
  return 'order' in claim
}

function orderProblem(last: OrderClaim, next: ClaimState): StoryProblem | undefined {
  if (last.state === next.state) return undefined
  if (last.state === 'pending') return undefined
  // Operators give back what was paid, and then all of it.
  if (last.state === 'paid' && next.state === 'refunded' && next.refundedMinor === next.amountMinor) return undefined
  return last.state === 'overdue' || last.state === 'refunding' ? undefined : ['G8', 'an order that had ended went on']
}
