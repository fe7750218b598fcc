import type { CallResult } from '../cluster/call-codec.ts'
import type { Calls } from '../cluster/calls.ts'
import type { Clock, Log } from '../cluster/world.ts'
import { op } from '../protocol/entry.ts'
import type { SkuId } from '../protocol/ids.ts'
import { packInner } from '../protocol/inner-codec.ts'
import type { ClaimState } from '../protocol/results.ts'
import type { Presence, Presences } from './presence.ts'
import type { SkuView } from './sku-view.ts'

/** One claim as its shard reports it: what its user sees, and the number by which it is followed. */
export interface ClaimReport {
  readonly sku: SkuId
  readonly claim: number
  readonly kind: number
  readonly user: string
  readonly state: ClaimState
}

/** Takes in what shards answer, in the moment in which it comes; `askedAt` is by the monotonic clock. */
export interface ClaimAnswers {
  /** To a question for claims by their numbers. */
  reported(view: SkuView, claims: readonly number[], reports: readonly ClaimReport[], askedAt: number): void
  /** To a question for all that a user has in a shard. */
  resumed(presence: Presence, shard: number, reports: readonly ClaimReport[], askedAt: number): void
}

export interface QuestionParts {
  readonly calls: Pick<Calls, 'request'>
  readonly presences: Presences
  readonly clock: Clock
  readonly log: Log
  readonly decodeReports: (bytes: Uint8Array) => CallResult<readonly ClaimReport[]>
  readonly answers: ClaimAnswers
}

/** What shards are asked of the claims that are followed here. A question without an answer is asked again every tick, while somebody is there to hear it. */
export class ClaimQuestions {
  private readonly parts: QuestionParts
  /** By shard: users of whom it is to be asked what they have. */
  private readonly users = new Map<number, Set<Presence>>()
  /** For the next tick: claims, and shards with such users. */
  private readonly claimsLater = new Map<SkuView, Set<number>>()
  private readonly shardsLater = new Set<number>()

  constructor(parts: QuestionParts) {
    this.parts = parts
  }

  /** As few questions as are needed for so many claims. */
  ask(view: SkuView, claims: readonly number[]): void {
    for (let from = 0; from < claims.length; from += claimsPerQuestion) this.send(view, claims.slice(from, from + claimsPerQuestion))
  }

  askLater(view: SkuView, claims: readonly number[]): void {
    const later = this.claimsLater.get(view) ?? new Set()
    for (const claim of claims) later.add(claim)
    this.claimsLater.set(view, later)
  }

  /** A user who has something in this shard that is not known here, or is not what was thought. They are asked about with its next news. */
  note(shard: number, presence: Presence): void {
    if (presence.connections.size === 0) return
    const users = this.users.get(shard)
    if (users === undefined) this.users.set(shard, new Set([presence]))
    else users.add(presence)
  }

  askAbout(shard: number, presence: Presence): void {
    this.note(shard, presence)
    this.askAboutNoted(shard)
  }

  askAboutLater(shard: number, presence: Presence): void {
    this.note(shard, presence)
    this.shardsLater.add(shard)
  }

  askAboutNoted(shard: number): void {
    const users = this.users.get(shard)
    if (users === undefined) return
    this.users.delete(shard)
    const { calls, decodeReports, answers, log, clock } = this.parts
    const askedAt = clock.monotonic()
    for (const presence of users) {
      calls
        .request<readonly ClaimReport[]>('inv', shard, { op: op.claimsOfUser, user: presence.user }, (bytes) => {
          const answer = decodeReports(bytes)
          if (answer.error === null) answers.resumed(presence, shard, answer.result, askedAt)
          return answer
        })
        .then(({ error }) => {
          if (error !== null) this.askAboutLater(shard, presence)
        })
        .catch((error: unknown) => log.error({ error: String(error) }, 'claims could not be followed'))
    }
  }

  /** Called every tick: what could not be asked because too much was under way would never be, if nothing of that SKU changed any more. */
  askAgain(): void {
    for (const shard of this.shardsLater) {
      this.shardsLater.delete(shard)
      this.askAboutNoted(shard)
    }
    for (const [view, claims] of this.claimsLater) {
      this.claimsLater.delete(view)
      const followed = this.parts.presences.claimsOf(view)
      this.ask(
        view,
        [...claims].filter((claim) => followed?.has(claim) === true),
      )
    }
  }

  private send(view: SkuView, claims: readonly number[]): void {
    const payload = packInner([[view.settings.sku, claims]])
    const { calls, decodeReports, answers, log, clock } = this.parts
    const askedAt = clock.monotonic()
    calls
      .request<readonly ClaimReport[]>('inv', view.shard, { op: op.claimsByNumber, payload }, (bytes) => {
        const answer = decodeReports(bytes)
        if (answer.error === null) answers.reported(view, claims, answer.result, askedAt)
        return answer
      })
      .then(({ error }) => {
        if (error !== null) this.askLater(view, claims)
      })
      .catch((error: unknown) => log.error({ error: String(error) }, 'news of claims could not be delivered'))
  }
}

const claimsPerQuestion = 2_000
