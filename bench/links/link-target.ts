import type { Durability } from '../servers/bench-redis.ts'
import type { PaceSettings } from './pace.ts'

/** One link of the chain alone, asked in the thread that puts the load on it. Plain data, since a thread is told of it. */
export type LinkTarget = BusTarget | ActorTarget | StoreTarget

/** Frames of buys to somebody who answers at once. */
export interface BusTarget {
  readonly kind: 'bus'
  /** Of NATS, at whose other end a process answers; without it the bus of one process, where the answers come from this one. */
  readonly natsUrl: string | undefined
  /** Commands that it brings, if it is slowed. */
  readonly slowBus: PaceSettings | undefined
  readonly run: string
}

/** Frames of buys to a real shard, whose store takes everything and keeps nothing. */
export interface ActorTarget {
  readonly kind: 'actor'
  /** As in an embedded node: batches wait for more, because callers are near. */
  readonly isAlone: boolean
  readonly run: string
}

/** Records of buys, of which the next gathers while one is being stored. */
export interface StoreTarget {
  readonly kind: 'store'
  readonly where: { readonly kind: 'folder'; readonly folder: string } | { readonly kind: 'redis'; readonly url: string }
  readonly durability: Durability
  /** Events that it takes, if it is slowed. */
  readonly slowStore: PaceSettings | undefined
  readonly run: string
}

/** Where the frames of {@link BusTarget} go. */
export const linkShard = 0
