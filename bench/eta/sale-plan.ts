import type { SeededChance } from './seeded-chance.ts'

/** A sale as it is going to be: what its people and its operator do, and when. Times in ms since the opening. */
export interface SalePlan {
  readonly stock: number
  readonly holdTtlMs: number
  readonly paymentTtlMs: number
  readonly grantsPerSecond: number
  /** People who come in the first moments, and people who come one by one later. */
  readonly rush: { readonly people: number; readonly withinMs: number }
  readonly late: { readonly people: number; readonly withinMs: number }
  /** Units that one person wants: one of these, each as likely. */
  readonly quantities: readonly number[]
  /** How long a person waits before giving the place up, if it is not served before. */
  readonly patienceMs: (random: SeededChance) => number
  /** Moments at which a share of everyone who waits leaves at once, and of everyone with a hold. */
  readonly exits: readonly { readonly atMs: number; readonly share: number }[]
  readonly restocks: readonly { readonly atMs: number; readonly units: number }[]
  readonly pauses: readonly { readonly atMs: number; readonly forMs: number }[]
  /** While the payment provider is out, payments are not settled; those that were begun are when it is back. */
  readonly outages: readonly { readonly atMs: number; readonly forMs: number }[]
  /** What somebody does who gets a hold. `turn` counts holds of this sale, the first is 0. */
  readonly buyer: (random: SeededChance, atMs: number, turn: number) => BuyerPlan
}

export type BuyerPlan =
  | { readonly does: 'pay'; readonly afterMs: number; readonly paymentMs: number; readonly isDeclined: boolean }
  | { readonly does: 'leave'; readonly afterMs: number }
  /** Lets the hold run out. */
  | { readonly does: 'nothing' }

/** A time after which nothing happens in any plan. */
export const saleMsMax = 2 * 3_600_000
