import { eachOfRuns, type SkuChange } from '../protocol/broadcast.ts'
import { type Code, codeTable } from '../protocol/codes.ts'
import { type AnswerView, claimKind, noClaim } from '../protocol/frame.ts'
import { parseOrderId, type SkuId, type UserId } from '../protocol/ids.ts'
import type { ClaimState, Order } from '../protocol/results.ts'
import { claimNotification, claimStateIn, isBefore, isLive, isSameNews, newerOf } from './claim-news.ts'
import { type ClaimAnswers, ClaimQuestions, type ClaimReport, type QuestionParts } from './claim-questions.ts'
import type { Connection } from './connection.ts'
import { Notification } from './notification.ts'
import type { FollowedClaim, Presence } from './presence.ts'
import type { SkuView } from './sku-view.ts'
import type { Views } from './views.ts'

export interface FollowerParts extends Omit<QuestionParts, 'answers'> {
  readonly views: Pick<Views, 'find' | 'onChange' | 'all'>
  /** Tells the user's other gateways that a claim appeared or became something else. */
  readonly tellSession: (user: UserId, sku: SkuId, claim: number) => void
  /** Says to the session once more that the user is here. */
  readonly stillAttached: (user: UserId) => void
}

/**
 * Follows the claims of users who are connected here: learns of them from answers, hears in broadcasts that one changed, asks its shard for what it is
 * now, and tells the user. Inventory does not know who is connected where; a lost broadcast is repaired by asking again (DESIGN.md section 4).
 *
 * Everything that comes from a shard is taken in at once, in the order in which it comes: a promise's turn later, a newer word might be overtaken.
 */
export class ClaimFollower implements ClaimAnswers {
  private readonly parts: FollowerParts
  /** What the pending call in this row is about; only of calls for users who are connected here. */
  private readonly expected = new Map<number, Expected>()
  private readonly paused = new Set<SkuView>()
  private readonly questions: ClaimQuestions

  constructor(parts: FollowerParts) {
    this.parts = parts
    this.questions = new ClaimQuestions({ ...parts, answers: this })
    parts.views.onChange((view, change) => this.changed(view, change))
  }

  /**
   * Another device of the user has come, perhaps from a gateway that had heard more than this one: what the shard says of the user's places is waited for
   * before a round tells it any.
   */
  joined({ claims }: Presence): void {
    for (const followed of claims.values()) {
      if (followed.kind !== claimKind.ticket) continue
      followed.placeDoubtedAt = this.parts.clock.monotonic()
      this.questions.askLater(followed.view, [followed.claim])
    }
  }

  /** The answer to the call in `row` will be about this user's claim of this SKU, which may not be known here yet. */
  expect(row: number, view: SkuView | UnknownSku | undefined, presence: Presence | undefined): void {
    if (view !== undefined && presence !== undefined) this.expected.set(row, { view, presence })
    // The row's earlier call may have ended without an answer.
    else if (this.expected.size > 0) this.expected.delete(row)
  }

  /**
   * What the caller gets instead of an answer that comes late: the claim as the user's devices know it by now. Answers of a shard's former owner may be under
   * way longer than news of its next one. Undefined if the answer is as new as anything known here.
   */
  insteadOf(answer: AnswerView): ClaimState | undefined {
    const asked = this.expected.size === 0 ? undefined : this.expected.get(answer.slot)
    if (asked === undefined || !('settings' in asked.view)) return undefined
    const known = asked.presence.claims.get(asked.view.settings.sku)
    if (known?.state === undefined || known.claim !== answer.claim || known.doubtedAt !== undefined) return undefined
    const state = claimStateIn(answer)
    return state === undefined ? undefined : newerOf(known.state, known.aheadShown, state)
  }

  /** Learns from the answer to a call that was made for a user, by `caller` if that is still there, and tells the user's other connections. */
  answered(answer: AnswerView, caller: Connection | undefined): void {
    if (this.expected.size === 0) return
    const asked = this.expected.get(answer.slot)
    if (asked === undefined) return
    this.expected.delete(answer.slot)
    const { view, presence } = asked
    if (!('settings' in view)) return this.answeredUnviewed(answer, view, presence)
    const { sku } = view.settings
    const known = presence.claims.get(sku)
    if (answer.claim === noClaim || presence.connections.size === 0) return
    if (known !== undefined && known.claim > answer.claim) {
      known.mustTell = true
      return this.questions.askAbout(view.shard, presence)
    }
    const isNews = known?.claim !== answer.claim || known.kind !== answer.claimKind
    const followed = this.follow(presence, view, answer.claim)
    // The shard's count of a place may be newer than the view's: a round that did not know of it would show a worse one after it.
    const state = isNews || answer.claimKind !== claimKind.hold ? claimStateIn(answer) : undefined
    if (state === undefined) return
    if (isBefore(state, followed.state)) return this.questions.ask(view, [answer.claim])
    const isNew = this.learn(followed, answer.claimKind, state, { caller })
    if (isNew && isNews) this.parts.tellSession(presence.user, sku, answer.claim)
  }

  /** A call ended without an answer. If it may have done something, its user hears of it all the same. */
  failed(row: number, code: Code): void {
    const asked = this.expected.get(row)
    if (asked === undefined) return
    this.expected.delete(row)
    const { view, presence } = asked
    if (codeTable[code].retry !== 'unknown' || presence.connections.size === 0) return
    if ('settings' in view) this.questions.askAbout(view.shard, presence)
    else this.questions.note(view.shard, presence)
  }

  /** Takes in all that a shard, asked at `askedAt`, reported of a user's claims, in answer to `caller`. */
  resumed(presence: Presence, shard: number, reports: readonly ClaimReport[], askedAt: number, caller?: Connection): void {
    if (presence.connections.size === 0) return
    const reported = new Map(reports.map((report) => [report.sku, report]))
    for (const followed of presence.claims.values()) {
      const { view, claim, state } = followed
      const sku = view.settings.sku
      const report = reported.get(sku)
      if (view.shard !== shard || report?.claim === claim) continue
      if (followed.heardAt >= askedAt && claim > (report?.claim ?? noClaim)) {
        // The shard spoke before this claim began; or it has lost it, and an answer that came late spoke of it since.
        reported.delete(sku)
        this.questions.askAboutLater(shard, presence)
      } else if (report === undefined && state !== undefined && isLive(state)) this.lost(followed, caller)
    }
    this.resumedUnviewed(presence, shard, reported, askedAt, caller)
    for (const report of reported.values()) {
      const view = this.parts.views.find(report.sku)
      if (view !== undefined) this.learn(this.follow(presence, view, report.claim), report.kind, report.state, { caller, askedAt })
      // Of a SKU that is not known here yet: once more with the shard's next news, which will be of it.
      else this.questions.note(shard, presence)
    }
  }

  /** What a shard, asked for these claims at `askedAt`, reported of them; their users are told what is new to them. */
  reported(view: SkuView, claims: readonly number[], reports: readonly ClaimReport[], askedAt: number): void {
    const known = new Set(reports.filter((report) => this.tell(report, askedAt)).map(({ claim }) => claim))
    for (const claim of claims) if (!known.has(claim)) this.checkKnown(view, claim, askedAt)
  }

  /**
   * What a user has, by reports of all shards, asked at `askedAt` or later, that were taken in as they came. While the others were waited for, the user may
   * have been told something newer of a claim that was reported already, which a report told after that would take back.
   */
  latest(presence: Presence | undefined, reports: readonly ClaimReport[], askedAt: number): readonly Pick<ClaimReport, 'sku' | 'state'>[] {
    const states = new Map(reports.map(({ sku, state }) => [sku, state]))
    for (const { view, state, heardAt, aheadShown } of presence?.claims.values() ?? []) {
      // What no shard knows any more has ended long ago.
      if (state === undefined || heardAt < askedAt) continue
      states.set(view.settings.sku, state.state === 'queued' ? { ...state, ahead: aheadShown } : state)
    }
    return Array.from(states, ([sku, state]) => ({ sku, state }))
  }

  /** A session says that a claim of a user who is connected here appeared or changed through another gateway. */
  noticed(user: UserId, sku: SkuId, claim: number): void {
    const view = this.parts.views.find(sku)
    const presence = this.parts.presences.find(user)
    if (view === undefined || presence === undefined) return
    const known = presence.claims.get(sku)
    if (known !== undefined && known.claim > claim) return this.questions.askAbout(view.shard, presence)
    this.follow(presence, view, claim)
    this.questions.ask(view, [claim])
  }

  /** The user may have got a claim that nobody here was told of. */
  mayHaveMissed(user: UserId): void {
    const presence = this.parts.presences.find(user)
    if (presence === undefined) return
    const shards = new Set([...this.parts.views.all()].map((view) => view.shard))
    for (const shard of shards) this.questions.askAbout(shard, presence)
  }

  /** A session says that something was given back of an order. Of one that its user's latest claim is, the shard tells. */
  refunded(user: UserId, order: Order): void {
    const presence = this.parts.presences.find(user)
    if (presence === undefined || presence.claims.get(order.sku)?.claim === parseOrderId(order.order)?.claim) return
    const notification = new Notification('order', order)
    for (const connection of presence.connections) connection.notify(notification)
  }

  /** Once a tick. */
  askAgain(): void {
    this.questions.askAgain()
  }

  private follow(presence: Presence, view: SkuView, claim: number): FollowedClaim {
    const { presences } = this.parts
    const other = presences.claimsOf(view)?.get(claim)?.presence
    const followed = presences.follow(presence, view, claim)
    // A shard that lost its newest records gives their numbers to others.
    if (other !== undefined && other !== presence) this.questions.askAbout(view.shard, other)
    if (followed.state === undefined) followed.heardAt = this.parts.clock.monotonic()
    return followed
  }

  private changed(view: SkuView, change: SkuChange | undefined): void {
    this.questions.askAboutNoted(view.shard)
    const isPaused = view.numbers.phase === 'paused'
    // A pause moves the deadlines of all holds, which is no change of any single one.
    const goesOn = !isPaused && this.paused.delete(view)
    if (isPaused) this.paused.add(view)
    const followed = this.parts.presences.claimsOf(view)
    if (followed === undefined) return
    if (change === undefined) for (const one of followed.values()) one.doubtedAt = this.parts.clock.monotonic()
    eachOfRuns(change?.rollCall ?? [], (claim) => {
      const one = followed.get(claim)
      if (one !== undefined) this.parts.stillAttached(one.presence.user)
    })
    const claims: number[] = []
    if (change === undefined || goesOn) claims.push(...followed.keys())
    else {
      eachOfRuns(change.changed, (claim) => {
        if (followed.has(claim)) claims.push(claim)
      })
    }
    this.questions.ask(view, claims)
  }

  /** Whether it is about a claim that is followed. */
  private tell(report: ClaimReport, askedAt: number): boolean {
    const { sku, claim, state } = report
    const view = this.parts.views.find(sku)
    const followed = view === undefined ? undefined : this.parts.presences.claimsOf(view)?.get(claim)
    // A shard that lost its newest records has given the number to somebody else.
    if (followed === undefined || followed.presence.user !== report.user) return false
    this.learn(followed, report.kind, state, { askedAt })
    return true
  }

  /** There is no view to follow the claim by: what it is now is asked with its shard's next news. */
  private answeredUnviewed(answer: AnswerView, { sku, shard }: UnknownSku, presence: Presence): void {
    const state = answer.claim === noClaim ? undefined : claimStateIn(answer)
    if (state === undefined) return
    if (isLive(state)) presence.unviewed.set(sku, { shard, heardAt: this.parts.clock.monotonic() })
    else presence.unviewed.delete(sku)
    this.questions.note(shard, presence)
  }

  /** Nobody follows a claim without a view: that its shard has lost it shows only here. */
  private resumedUnviewed(
    presence: Presence,
    shard: number,
    reported: ReadonlyMap<SkuId, ClaimReport>,
    askedAt: number,
    caller: Connection | undefined,
  ): void {
    for (const [sku, told] of presence.unviewed) {
      if (told.shard !== shard) continue
      const isReported = reported.has(sku)
      if (isReported && this.parts.views.find(sku) === undefined) continue
      if (!isReported && told.heardAt >= askedAt) {
        this.questions.askAboutLater(shard, presence)
        continue
      }
      presence.unviewed.delete(sku)
      if (!isReported && presence.claims.get(sku) === undefined) this.tellUser(presence, sku, { state: 'none' }, caller)
    }
  }

  /** Takes in what a claim is, and tells it to the user's connections if it is new to them. */
  private learn(followed: FollowedClaim, kind: number, state: ClaimState, { caller, askedAt = 0 }: Source): boolean {
    const { state: known, aheadShown, heardAt } = followed
    followed.heardAt = this.parts.clock.monotonic()
    if (followed.doubtedAt !== undefined && askedAt >= followed.doubtedAt) followed.doubtedAt = undefined
    if (followed.placeDoubtedAt !== undefined && askedAt >= followed.placeDoubtedAt) followed.placeDoubtedAt = undefined
    // A shard that was asked after all that is known was heard says what it is now: where that came before, its store has lost the rest.
    if (isBefore(state, known) && askedAt <= heardAt) return false
    followed.kind = kind
    followed.state = state
    if (state.state === 'queued') {
      // The shard's count may be newer than what a round has told meanwhile, or older: what is shown never rises.
      followed.aheadShown = Math.min(aheadShown, state.ahead)
      followed.shownAt = this.parts.clock.monotonic()
    }
    if (isSameNews(state, known) && followed.aheadShown >= aheadShown && !followed.mustTell) return false
    followed.mustTell = false
    this.notify(followed, state.state === 'queued' ? { ...state, ahead: followed.aheadShown } : state, caller)
    return true
  }

  /** A live claim of which its shard, when it was asked for it, said nothing, or that it belongs to somebody else: its store has lost it. */
  private checkKnown(view: SkuView, claim: number, askedAt: number): void {
    const followed = this.parts.presences.claimsOf(view)?.get(claim)
    if (followed?.state === undefined || !isLive(followed.state)) return
    // It was heard of since: in an answer that came late, or by a shard that spoke before it began.
    if (followed.heardAt >= askedAt) this.questions.askLater(view, [claim])
    else this.questions.askAbout(view.shard, followed.presence)
  }

  /** The shard does not know the claim any more: its store has lost it. */
  private lost(followed: FollowedClaim, caller: Connection | undefined): void {
    this.parts.presences.unfollow(followed)
    this.notify(followed, { state: 'none' }, caller)
  }

  private notify(followed: FollowedClaim, state: ClaimState, except?: Connection): void {
    this.tellUser(followed.presence, followed.view.settings.sku, state, except)
  }

  private tellUser(presence: Presence, sku: SkuId, state: ClaimState, except?: Connection): void {
    const notification = claimNotification(sku, state, this.parts.clock.now())
    if (notification === undefined) return
    for (const connection of presence.connections) if (connection !== except) connection.notify(notification)
  }
}

/** Where a word comes from: `caller` has it from its own answer; `askedAt` is when its shard was asked, if that is known. */
interface Source {
  readonly caller?: Connection | undefined
  readonly askedAt?: number
}

/** A SKU that this gateway has not heard of yet, and the shard that it is in. */
export interface UnknownSku {
  readonly sku: SkuId
  readonly shard: number
}

interface Expected {
  readonly view: SkuView | UnknownSku
  readonly presence: Presence
}
