import type { CallResult } from '../cluster/call-codec.ts'
import type { Calls } from '../cluster/calls.ts'
import type { Clock, Log } from '../cluster/world.ts'
import { eachOfRuns, type SkuChange } from '../protocol/broadcast.ts'
import { type Code, codeTable } from '../protocol/codes.ts'
import { op } from '../protocol/entry.ts'
import { type AnswerView, claimKind, noClaim } from '../protocol/frame.ts'
import type { SkuId, UserId } from '../protocol/ids.ts'
import { packInner } from '../protocol/inner-codec.ts'
import type { ClaimState } from '../protocol/results.ts'
import { claimNotification, claimStateIn, isBefore, isLive, isSameNews } from './claim-news.ts'
import type { Connection } from './connection.ts'
import type { FollowedClaim, Presence, Presences } from './presence.ts'
import type { SkuView } from './sku-view.ts'
import type { Views } from './views.ts'

/** One claim as its shard reports it: what its user sees, and the number by which it is followed. */
export interface ClaimReport {
  readonly sku: SkuId
  readonly claim: number
  readonly kind: number
  readonly user: string
  readonly state: ClaimState
}

export interface FollowerParts {
  readonly calls: Pick<Calls, 'request'>
  readonly views: Pick<Views, 'find' | 'onChange'>
  readonly presences: Presences
  readonly clock: Clock
  readonly log: Log
  readonly decodeReports: (bytes: Uint8Array) => CallResult<readonly ClaimReport[]>
  /** Tells the user's other gateways that a claim appeared or became something else. */
  readonly tellSession: (user: UserId, sku: SkuId, claim: number) => void
}

/**
 * Follows the claims of users who are connected here: learns of them from answers, hears in broadcasts that one changed, asks its shard for what it is
 * now, and tells the user. Inventory does not know who is connected where; a lost broadcast is repaired by asking again (DESIGN.md section 4).
 *
 * Everything that comes from a shard is taken in at once, in the order in which it comes: a promise's turn later, a newer word might be overtaken.
 */
export class ClaimFollower {
  private readonly parts: FollowerParts
  /** What the pending call in this row is about; only of calls for users who are connected here. */
  private readonly expected = new Map<number, Expected>()
  /** By shard: users who got a claim of a SKU that is not known here yet. */
  private readonly unplaced = new Map<number, Set<Presence>>()

  private readonly paused = new Set<SkuView>()
  /** Claims that were asked for in vain, and shards that were asked for users in vain. */
  private readonly unheard = new Map<SkuView, Set<number>>()
  private readonly unheardShards = new Set<number>()

  constructor(parts: FollowerParts) {
    this.parts = parts
    parts.views.onChange((view, change) => this.changed(view, change))
  }

  /** The answer to the call in `row` will be about this user's claim of this SKU, or of one in this shard that is not known here yet. */
  expect(row: number, view: SkuView | number | undefined, presence: Presence | undefined): void {
    if (view !== undefined && presence !== undefined) this.expected.set(row, { view, presence })
    // The row's earlier call may have ended without an answer.
    else if (this.expected.size > 0) this.expected.delete(row)
  }

  /** Learns from the answer to a call that was made for a user, by `caller` if that is still there, and tells the user's other connections. */
  answered(answer: AnswerView, caller: Connection | undefined): void {
    if (this.expected.size === 0) return
    const asked = this.expected.get(answer.slot)
    if (asked === undefined) return
    this.expected.delete(answer.slot)
    const { view, presence } = asked
    if (typeof view === 'number') return answer.claim === noClaim ? undefined : this.unplace(view, presence)
    const { sku } = view.settings
    const known = presence.claims.get(sku)
    if (answer.claim === noClaim || presence.connections.size === 0) return
    if (known !== undefined && known.claim > answer.claim) {
      known.mustTell = true
      return this.askAnew(view.shard, presence)
    }
    const isNews = known?.claim !== answer.claim || known.kind !== answer.claimKind
    const followed = this.follow(presence, view, answer.claim)
    // The shard's count of a place may be newer than the view's: a round that did not know of it would show a worse one after it.
    const state = isNews || answer.claimKind !== claimKind.hold ? claimStateIn(answer) : undefined
    if (state === undefined) return
    if (isBefore(state, followed.state)) {
      // The caller has it all the same.
      followed.mustTell = true
      return this.ask(view, [answer.claim])
    }
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
    if (typeof view === 'number') this.unplace(view, presence)
    else this.askAnew(view.shard, presence)
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
        this.askAnewLater(shard, presence)
      } else if (report === undefined && state !== undefined && isLive(state)) this.lost(followed, caller)
    }
    for (const report of reported.values()) {
      const view = this.parts.views.find(report.sku)
      if (view !== undefined) this.learn(this.follow(presence, view, report.claim), report.kind, report.state, { caller, askedAt })
    }
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
    if (known !== undefined && known.claim > claim) return this.askAnew(view.shard, presence)
    this.follow(presence, view, claim)
    this.ask(view, [claim])
  }

  /**
   * Asks again what had no answer. Called every tick: news that could not be asked for because too much was under way would never be told, if nothing of
   * that SKU changed any more.
   */
  askAgain(): void {
    for (const shard of this.unheardShards) {
      this.unheardShards.delete(shard)
      this.askForUnplaced(shard)
    }
    for (const [view, claims] of this.unheard) {
      this.unheard.delete(view)
      const followed = this.parts.presences.claimsOf(view)
      this.askAll(
        view,
        [...claims].filter((claim) => followed?.has(claim) === true),
      )
    }
  }

  private follow(presence: Presence, view: SkuView, claim: number): FollowedClaim {
    const { presences } = this.parts
    const other = presences.claimsOf(view)?.get(claim)?.presence
    const followed = presences.follow(presence, view, claim)
    // A shard that lost its newest records gives their numbers to others.
    if (other !== undefined && other !== presence) this.askAnew(view.shard, other)
    if (followed.state === undefined) followed.heardAt = this.parts.clock.monotonic()
    return followed
  }

  /** Word of an older claim than the one that is followed came late, or the shard's store has lost that one. */
  private askAnew(shard: number, presence: Presence): void {
    this.unplace(shard, presence)
    this.askForUnplaced(shard)
  }

  private askAnewLater(shard: number, presence: Presence): void {
    this.unplace(shard, presence)
    this.unheardShards.add(shard)
  }

  /** A user of whom the shard has to be asked what claims they have: one cannot be followed yet, or is not what was thought. */
  private unplace(shard: number, presence: Presence): void {
    if (presence.connections.size === 0) return
    const unplaced = this.unplaced.get(shard)
    if (unplaced === undefined) this.unplaced.set(shard, new Set([presence]))
    else unplaced.add(presence)
  }

  private askForUnplaced(shard: number): void {
    const unplaced = this.unplaced.get(shard)
    if (unplaced === undefined) return
    this.unplaced.delete(shard)
    const { calls, decodeReports, log, clock } = this.parts
    const askedAt = clock.monotonic()
    for (const presence of unplaced) {
      calls
        .request<readonly ClaimReport[]>('inv', shard, { op: op.claimsOfUser, user: presence.user }, (bytes) => {
          const answer = decodeReports(bytes)
          if (answer.error === null) this.resumed(presence, shard, answer.result, askedAt)
          return answer
        })
        .then(({ error }) => {
          if (error !== null) this.askAnewLater(shard, presence)
        })
        .catch((error: unknown) => log.error({ error: String(error) }, 'claims could not be followed'))
    }
  }

  private changed(view: SkuView, change: SkuChange | undefined): void {
    this.askForUnplaced(view.shard)
    const isPaused = view.numbers.phase === 'paused'
    // A pause moves the deadlines of all holds, which is no change of any single one.
    const goesOn = !isPaused && this.paused.delete(view)
    if (isPaused) this.paused.add(view)
    const followed = this.parts.presences.claimsOf(view)
    if (followed === undefined) return
    if (change === undefined) for (const one of followed.values()) one.doubtedAt = this.parts.clock.monotonic()
    const claims: number[] = []
    if (change === undefined || goesOn) claims.push(...followed.keys())
    else {
      eachOfRuns(change.changed, (claim) => {
        if (followed.has(claim)) claims.push(claim)
      })
    }
    this.askAll(view, claims)
  }

  private askAll(view: SkuView, claims: readonly number[]): void {
    for (let from = 0; from < claims.length; from += claimsPerQuestion) this.ask(view, claims.slice(from, from + claimsPerQuestion))
  }

  /** One question for many claims; their users are told what is new to them. */
  private ask(view: SkuView, claims: readonly number[]): void {
    const payload = packInner([[view.settings.sku, claims]])
    const { calls, decodeReports, log, clock } = this.parts
    const askedAt = clock.monotonic()
    calls
      .request<readonly ClaimReport[]>('inv', view.shard, { op: op.claimsByNumber, payload }, (bytes) => {
        const answer = decodeReports(bytes)
        if (answer.error !== null) return answer
        const known = new Set(answer.result.filter((report) => this.tell(report, askedAt)).map(({ claim }) => claim))
        for (const claim of claims) if (!known.has(claim)) this.checkKnown(view, claim, askedAt)
        return answer
      })
      .then(({ error }) => {
        if (error !== null) this.askLater(view, claims)
      })
      .catch((error: unknown) => log.error({ error: String(error) }, 'news of claims could not be delivered'))
  }

  private askLater(view: SkuView, claims: readonly number[]): void {
    const unheard = this.unheard.get(view) ?? new Set()
    for (const claim of claims) unheard.add(claim)
    this.unheard.set(view, unheard)
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

  /** Takes in what a claim is, and tells it to the user's connections if it is new to them. */
  private learn(followed: FollowedClaim, kind: number, state: ClaimState, { caller, askedAt = 0 }: Source): boolean {
    const { state: known, aheadShown, heardAt } = followed
    followed.heardAt = this.parts.clock.monotonic()
    if (followed.doubtedAt !== undefined && askedAt >= followed.doubtedAt) followed.doubtedAt = undefined
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
    if (followed.heardAt >= askedAt) this.askLater(view, [claim])
    else this.askAnew(view.shard, followed.presence)
  }

  /** The shard does not know the claim any more: its store has lost it. */
  private lost(followed: FollowedClaim, caller: Connection | undefined): void {
    this.parts.presences.unfollow(followed)
    this.notify(followed, { state: 'none' }, caller)
  }

  private notify(followed: FollowedClaim, state: ClaimState, except?: Connection): void {
    const notification = claimNotification(followed.view.settings.sku, state, this.parts.clock.now())
    if (notification === undefined) return
    for (const connection of followed.presence.connections) if (connection !== except) connection.notify(notification)
  }
}

const claimsPerQuestion = 2_000

/** Where a word comes from: `caller` has it from its own answer; `askedAt` is when its shard was asked, if that is known. */
interface Source {
  readonly caller?: Connection | undefined
  readonly askedAt?: number
}

interface Expected {
  /** A shard's number as long as the SKU is not known here. */
  readonly view: SkuView | number
  readonly presence: Presence
}
