import type { Position } from '../cluster/store.ts'
import type { ShardBroadcast } from '../protocol/broadcast.ts'
import type { EstimateCounts } from './estimate-counts.ts'
import type { Notices } from './notices.ts'
import type { RecordWriter } from './record.ts'
import type { Replies } from './replies.ts'
import type { Work } from './work.ts'

/**
 * What a shard runs: pure decisions over a state in memory. No clock, randomness, timers or IO in here; the shard (shard.ts) does all waiting.
 * `command`, `tick` and `opened` decide: they write events to `batch.record`, apply each at once with `evolve`, and write answers to
 * `batch.replies`. Nothing of it leaves before the batch is stored.
 */
export interface Actor {
  /** Commands may be decided while the record before theirs is being stored. Not for actors whose commands may wait for a cold record. */
  readonly runsAhead?: boolean
  /** Told of `count` entries from `at` on before they are decided one by one, so that what they need can be fetched meanwhile. Changes nothing. */
  foresee?(view: DataView, at: number, count: number): void
  /** Decides the entry at `at` (protocol/entry.ts). */
  command(batch: Batch, bytes: Uint8Array, view: DataView, at: number): void
  /** Decides what is due by time; true if more is due than one batch takes. */
  tick(batch: Batch): boolean
  /** Decides what a new owner has to after `gapMs` without one. */
  opened(batch: Batch, gapMs: number): void
  /** Applies one event of a record: live, in replay and in the follower. */
  evolve(bytes: Uint8Array, view: DataView, at: number, now: number): void
  /**
   * Once a tick, when everything in the state is stored, up to and including `position`, and has been answered: hands on what the outside has to
   * do (orders, news, cold records).
   */
  released(now: number, position: Position): void
  /** What changed since the last broadcast; undefined if there is nobody to tell. */
  broadcast(now: number): BroadcastContent | undefined
  /** The key of the record that has to be read before this entry can be decided, if it is not in memory. */
  missing(bytes: Uint8Array, at: number): string | undefined
  /** Takes in such a record. */
  loaded(key: string, record: Uint8Array | undefined): void
  /** Deadlines are running, so that a shard notes now and then that it still has an owner: a next one moves them by the time since. */
  readonly hasDeadlines?: boolean
  /** How what it tells of times and chances comes true. */
  readonly estimates?: EstimateCounts
  /** Equal for two replicas in the same state. */
  digest(): number
  /** The whole state in chunks, and back. */
  save(): Uint8Array[]
  /** Into an empty actor, which is good for nothing until all of it is done. */
  restore(chunks: readonly Uint8Array[]): Work<void>
  /** Forgets the whole state: a recovery begins again. Never after anything was decided. */
  clear(): void
}

export interface BroadcastContent extends Pick<ShardBroadcast, 'shard' | 'skus'> {
  /** False if more changed than can be said; gateways then read the whole view. */
  readonly complete: boolean
}

/** One turn of a shard's loop. */
export interface Batch {
  readonly now: number
  readonly epoch: number
  readonly seq: number
  readonly record: RecordWriter
  readonly replies: Replies
  readonly notices: Notices
}
