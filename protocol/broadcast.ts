import type { SkuId, UserId } from './ids.ts'
import type { DrawInfo, Order } from './results.ts'
import type { SkuSettings } from './sku-settings.ts'

/** What an inventory shard tells every gateway, each tick, from durable state only. */
export interface ShardBroadcast {
  readonly shard: number
  readonly epoch: number
  /** The frame covers the changes of records after `fromSeq` up to `toSeq`; a gap makes the gateway ask for a {@link ShardView}. */
  readonly fromSeq: number
  readonly toSeq: number
  readonly now: number
  readonly skus: readonly SkuChange[]
}

/** Numbers in runs: `[first, count, first, count, ...]`, rising. */
export type Runs = readonly number[]

export interface SkuChange extends SkuNumbers {
  readonly sku: SkuId
  /** Claims that began to wait, and tickets that stopped waiting, in this tick. */
  readonly joined: Runs
  readonly left: Runs
  /** Claims that changed otherwise than by their own user's call; whoever serves one of them asks for it. */
  readonly changed: Runs
  /** Tickets whose users seem to be away: whoever serves one of them says again that the user is there. */
  readonly rollCall?: Runs
  /** Only when they are new. */
  readonly settings?: SkuSettings
}

/** Where a SKU stands. `waiting` counts people. */
export interface SkuNumbers {
  readonly phase: SkuPhase
  readonly available: number
  readonly held: number
  readonly ordered: number
  readonly sold: number
  readonly waiting: number
  /** People served from the line per second, smoothed, and the share of holds that ended without a sale: what estimates are made of. */
  readonly servedPerSecond: number
  readonly releaseShare: number
  /** What the owner expects of the line, while the SKU is open, people wait and something is known. */
  readonly outlook?: Outlook | undefined
  /**
   * When every unit is sold: hashes of the users who bought, or whose order is still open, as little-endian u32. A gateway that has them may tell
   * everyone else that it is sold out; these have an order, which only the shard can tell. Left out if there are too many to send.
   */
  readonly buyers?: Uint8Array
  /** Of a SKU with a draw. */
  readonly draw?: DrawInfo
}

/** What the owner of a SKU expects of its line: read by protocol/estimate.ts. */
export interface Outlook {
  /** Places, by the people ahead of them, rising; and for each, if it is served, the seconds within which it is in half of all cases, and in nine of ten. */
  readonly ahead: readonly number[]
  readonly p50: readonly number[]
  readonly p90: readonly number[]
  /** Fewer people ahead than this: the place will most likely be served. As many as `none` or more: hardly. */
  readonly likely: number
  readonly none: number
}

/** `scheduled` until it opens; `paused` keeps places and holds; `closed` takes no new claims. */
export type SkuPhase = 'scheduled' | 'open' | 'paused' | 'closed'

/** The answer to `op.view`: all that a gateway needs to know of a shard. */
export interface ShardView {
  readonly shard: number
  readonly epoch: number
  readonly seq: number
  readonly now: number
  readonly skus: readonly SkuView[]
}

export interface SkuView extends SkuNumbers {
  readonly sku: SkuId
  readonly settings: SkuSettings
  /** One bit per claim number from `lineFrom` up, set where that claim waits; later claims begin at `lineEnd`. */
  readonly lineFrom: number
  readonly lineEnd: number
  readonly line: Uint8Array
}

/** A session actor tells the user's gateways that a claim of the user appeared. */
export interface ClaimNotice {
  readonly user: UserId
  readonly sku: SkuId
  readonly claim: number
}

/** A session actor tells the user's gateways that something was given back of an order. */
export interface OrderNotice {
  readonly user: UserId
  readonly order: Order
}

/** What is kept of this user in caches is not so any more. */
export interface UserNotice {
  readonly user: UserId
}

/** Appends one number to a list of runs that is built in rising order. */
export function appendToRuns(runs: number[], value: number): void {
  const last = runs.length - 2
  if (last >= 0 && (runs[last] as number) + (runs[last + 1] as number) === value) runs[last + 1] = (runs[last + 1] as number) + 1
  else runs.push(value, 1)
}

/** Calls `each` for every number in the runs. */
export function eachOfRuns(runs: Runs, each: (value: number) => void): void {
  for (let i = 0; i + 1 < runs.length; i += 2) {
    const first = runs[i] as number
    const end = first + (runs[i + 1] as number)
    for (let value = first; value < end; value++) each(value)
  }
}
