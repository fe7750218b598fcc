import type { CallResult } from '../cluster/call-codec.ts'
import type { Calls } from '../cluster/calls.ts'
import type { Clock, Log } from '../cluster/world.ts'
import { eachOfRuns, type SkuChange } from '../protocol/broadcast.ts'
import { op } from '../protocol/entry.ts'
import { decodeMessage } from '../protocol/envelope.ts'
import { type AnswerView, claimKind } from '../protocol/frame.ts'
import type { SkuId, UserId } from '../protocol/ids.ts'
import { packInner } from '../protocol/inner-codec.ts'
import type { ClaimState } from '../protocol/results.ts'
import type { Connection } from './connection.ts'
import { Notification } from './notification.ts'
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
  readonly calls: Calls
  readonly views: Views
  readonly presences: Presences
  readonly clock: Clock
  readonly log: Log
  readonly decodeReports: (bytes: Uint8Array) => CallResult<readonly ClaimReport[]>
  /** Tells the user's other gateways that a claim appeared. */
  readonly tellSession: (user: UserId, sku: SkuId, claim: number) => void
}

/**
 * Follows the claims of users who are connected here: learns of them from answers, hears in broadcasts that one changed, asks its shard for what it is
 * now, and tells the user. Inventory does not know who is connected where; a lost broadcast is repaired by asking again (DESIGN.md section 4).
 */
export class ClaimFollower {
  private readonly parts: FollowerParts
  /** What the pending call in this row is about; only of calls whose user is followed. */
  private readonly expected = new Map<number, SkuView>()

  constructor(parts: FollowerParts) {
    this.parts = parts
    parts.views.onChange((view, change) => this.changed(view, change))
  }

  /** The answer to the call in `row` will be about this SKU. */
  expect(row: number, view: SkuView | undefined): void {
    if (view !== undefined) this.expected.set(row, view)
    else this.expected.delete(row)
  }

  forget(row: number): void {
    this.expected.delete(row)
  }

  /** Learns from an answer to a user's own call. */
  answered(connection: Connection, answer: AnswerView): void {
    const view = this.expected.get(answer.slot)
    this.expected.delete(answer.slot)
    const { identity } = connection
    if (view === undefined || identity.role !== 'user' || answer.claim === 0) return
    const presence = this.parts.presences.find(identity.user)
    if (presence === undefined) return
    const isNew = presence.claims.get(view.settings.sku)?.claim !== answer.claim
    const followed = this.parts.presences.follow(presence, view, answer.claim, answer.claimKind === claimKind.ticket)
    if (followed.waits) followed.aheadShown = Math.min(followed.aheadShown, aheadIn(answer))
    if (!isNew) return
    this.parts.tellSession(identity.user, view.settings.sku, answer.claim)
    if (presence.connections.size > 1) this.ask(view.shard, new Map([[view.settings.sku, [answer.claim]]]), connection)
  }

  /** Takes in claims that a shard reported for a user who has just connected. */
  resumed(presence: Presence, reports: readonly ClaimReport[]): void {
    for (const report of reports) {
      const view = this.parts.views.find(report.sku)
      if (view === undefined) continue
      const followed = this.parts.presences.follow(presence, view, report.claim, report.kind === claimKind.ticket)
      if (report.state.state === 'queued') followed.aheadShown = Math.min(followed.aheadShown, report.state.ahead)
    }
  }

  /** A session says that a user who is connected here got a claim through another gateway. */
  noticed(user: UserId, sku: SkuId, claim: number): void {
    const view = this.parts.views.find(sku)
    const presence = this.parts.presences.find(user)
    if (view === undefined || presence === undefined || presence.claims.get(sku)?.claim === claim) return
    this.parts.presences.follow(presence, view, claim, false)
    this.ask(view.shard, new Map([[sku, [claim]]]))
  }

  private changed(view: SkuView, change: SkuChange | undefined): void {
    const followed = this.parts.presences.claimsOf(view)
    if (followed === undefined || followed.size === 0) return
    const claims: number[] = []
    if (change === undefined) claims.push(...followed.keys())
    else {
      eachOfRuns(change.changed, (claim) => {
        if (followed.has(claim)) claims.push(claim)
      })
    }
    for (let from = 0; from < claims.length; from += claimsPerQuestion) {
      this.ask(view.shard, new Map([[view.settings.sku, claims.slice(from, from + claimsPerQuestion)]]))
    }
  }

  /** One question for many claims; everyone but `except` is told what comes back. */
  private ask(shard: number, claims: ReadonlyMap<SkuId, readonly number[]>, except?: Connection): void {
    const payload = packInner([...claims])
    this.parts.calls
      .request<readonly ClaimReport[]>('inv', shard, { op: op.claimsByNumber, payload }, this.parts.decodeReports)
      .then((answer) => {
        // An error means that the shard is away; its next broadcast comes from a new epoch, and then every claim is asked for again.
        if (answer.error === null) for (const report of answer.result) this.tell(report, except)
      })
      .catch((error: unknown) => this.parts.log.error({ error: String(error) }, 'news of claims could not be delivered'))
  }

  private tell(report: ClaimReport, except: Connection | undefined): void {
    const view = this.parts.views.find(report.sku)
    const followed = view === undefined ? undefined : this.parts.presences.claimsOf(view)?.get(report.claim)
    if (followed === undefined) return
    followed.waits = report.kind === claimKind.ticket
    const notification = this.notificationOf(report, followed)
    if (notification === undefined) return
    for (const connection of followed.presence.connections) if (connection !== except) connection.notify(notification)
  }

  private notificationOf(report: ClaimReport, followed: FollowedClaim): Notification | undefined {
    const { sku, state } = report
    switch (state.state) {
      case 'queued':
        if (state.ahead >= followed.aheadShown && followed.shownAt > 0) return undefined
        followed.aheadShown = Math.min(followed.aheadShown, state.ahead)
        followed.shownAt = this.parts.clock.monotonic()
        return new Notification('line', { sku, ahead: followed.aheadShown, eta: state.eta, odds: state.odds })
      case 'held':
        return new Notification('held', { sku, hold: state.hold, qty: state.qty, expiresAt: state.expiresAt })
      case 'expired':
        return new Notification('expired', { sku })
      case 'soldout':
        return new Notification('soldout', { sku })
      case 'none':
        return new Notification('left', { sku })
      case 'lobby':
        return undefined
      default:
        return new Notification('order', { ...state, sku, updatedAt: this.parts.clock.now() })
    }
  }
}

const claimsPerQuestion = 2_000

/** The `ahead` in a `queued` answer: the one place where the gateway looks into a shard's answer, once per ticket. */
function aheadIn(answer: AnswerView): number {
  const message = decodeMessage(answer.frame, answer.from, answer.to)
  if (message.kind !== 'response' || typeof message.result !== 'object' || message.result === null || !('ahead' in message.result))
    return Number.MAX_SAFE_INTEGER
  return typeof message.result['ahead'] === 'number' ? message.result['ahead'] : Number.MAX_SAFE_INTEGER
}
