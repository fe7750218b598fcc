import type { SkuSpan } from './sku-times.ts'

/** Everything that the journal says of a user, told so that a person can answer "why did I not get one?". Times are ms since 1970. */
export interface UserJourney {
  readonly user: string
  /** When devices of the user came and went, as far as their session was told. */
  readonly visits: readonly Visit[]
  readonly skus: readonly SkuJourney[]
  /** Inventory shards whose oldest records are past the archive's time, so that something may be missing here. */
  readonly partial: readonly string[]
}

export interface Visit {
  readonly at: number
  readonly kind: 'came' | 'went'
  readonly gateway: string
}

/** Where a user ended up with a SKU. `none`: no claim of theirs was ever in the journal. */
export type JourneyOutcome =
  | 'bought'
  | 'refunded'
  | 'unrefunded'
  | 'paying'
  | 'refunding'
  | 'holding'
  | 'waiting'
  | 'lobby'
  | 'declined'
  | 'cancelled'
  | 'expired'
  | 'absent'
  | 'soldout'
  | 'left'
  | 'none'

export interface SkuJourney {
  readonly sku: string
  readonly sale: string
  readonly outcome: JourneyOutcome
  /** The outcome and the reason for it, in sentences. */
  readonly why: readonly string[]
  /** Codes of refusals that this user got for whatever more was asked for from then on. */
  readonly refused: readonly Refusal[]
  readonly steps: readonly JourneyStep[]
  /** What the SKU answered to anyone who came anew, and when. */
  readonly answers: readonly SkuSpan[]
}

export interface Refusal {
  readonly code: 'LIMIT_REACHED' | 'SOLD_OUT' | 'NOT_OPEN' | 'CLOSED' | 'PAUSED' | 'LINE_FULL'
  readonly from: number
}

export type StepKind =
  | 'lobby'
  | 'drawn'
  | 'queued'
  | 'held'
  | 'turn'
  | 'ordered'
  | 'paid'
  | 'declined'
  | 'overdue'
  | 'refunding'
  | 'refunded'
  | 'cancelled'
  | 'unrefunded'
  | 'expired'
  | 'absent'
  | 'soldout'
  | 'left'
  | 'refundAsked'
  | 'refundDone'
  | 'refundRefused'

/** One thing that happened to one claim. */
export interface JourneyStep {
  readonly at: number
  /** The record that says so: shard and `epoch-seq`. */
  readonly shard: string
  readonly record: string
  readonly kind: StepKind
  readonly claim: number
  readonly qty: number
  /** Of a ticket: people ahead. */
  readonly ahead?: number
  /** Of a hold and of an order that is to be paid, unless a pause moves it. */
  readonly until?: number
  readonly order?: string
  readonly amountMinor?: number
  readonly currency?: string
}
