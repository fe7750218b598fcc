import type { ShardKind } from '../protocol/subject.ts'

/**
 * Where shards are kept: a lease, a fenced journal and a snapshot each, and single records by key.
 * This port is what promises G1, G3 and G5 stand on; every adapter passes `store-contract.ts`.
 * A rejected promise is a {@link StoreFault}: the outcome is unknown, and the same call may be made again.
 */
export interface Store {
  /** Takes a shard that nobody owns, under an epoch larger than any before; `taken` while another's lease runs. The same owner's next epoch ends the one it had. */
  claim(shard: ShardName, owner: string): Promise<Lease | 'taken'>
  /** Keeps the shard; `lost` if the epoch no longer stands. */
  renew(shard: ShardName, epoch: number): Promise<Lease | 'lost'>
  /** Gives the shard back, so that the next owner need not wait for the lease to run out. */
  release(shard: ShardName, epoch: number): Promise<void>

  /**
   * Writes the epoch's opening (`seq` 0) first, so that no older owner can write any more, then reads what is there. With `known` that is only what comes
   * after it: no snapshot is read.
   */
  open(shard: ShardName, epoch: number, known?: Position): Promise<Opened | 'fenced'>
  /**
   * Adds the record right after its predecessor and resolves when it is durable. Repeating it with the same bytes is `stored` again;
   * anything else out of order, or an older epoch, is `fenced`. The bytes may be reused once it has settled.
   */
  append(shard: ShardName, position: Position, record: Uint8Array): Promise<'stored' | 'fenced'>
  /**
   * For batches that changed nothing: the epoch still stands, and `last` is the shard's last record (its opening, if it has none yet). `fenced` also where
   * the store has lost that record: what the owner would say could not be found in the journal.
   */
  confirm(shard: ShardName, last: Position): Promise<'stands' | 'fenced'>

  /**
   * Records after `after`, oldest first, the openings left out. Works without owning the shard. Fails with `STORE_GAP` where a record is missing, and at
   * the end if a snapshot stands for more than what was read: the journal was trimmed meanwhile, and has to be read again from the snapshot on.
   */
  readTail(shard: ShardName, after: Position): AsyncIterable<JournalRecord>
  readSnapshot(shard: ShardName): Promise<Snapshot | undefined>
  /**
   * Keeps a snapshot if it is newer than the one there, then trims the journal up to it in the same atomic step. Trimmed records stay
   * readable through {@link readArchive} for the archive's time. A snapshot that is ahead of its journal is a bug. Chunks are at most {@link chunkBytesMax}, and their writing is spread out.
   */
  writeSnapshot(shard: ShardName, snapshot: Snapshot): Promise<'stored' | 'older'>
  /** Every record that is still kept, trimmed ones included, oldest first, openings included. */
  readArchive(shard: ShardName): AsyncIterable<ArchiveRecord>
  /**
   * Puts what `rewrite` gives in the place of trimmed records, each told to it once, oldest first; the snapshot's own record, which may still be appended again,
   * stays as it is. Positions never change. Resolves with the number of records that are others now. Failing halfway leaves the oldest rewritten.
   */
  rewriteArchive(shard: ShardName, rewrite: RewriteRecord): Promise<number>

  /** One cold actor by key. A key belongs to one shard for ever. Works without owning the shard. */
  getRecord(shard: ShardName, key: string): Promise<Uint8Array | undefined>
  /**
   * Keeps a record under the epoch that opened the shard last, in one step with looking whether that still is `epoch`: else it is `fenced`, and nothing
   * has changed. Of two calls for a key the later one stands, also if the earlier one failed.
   */
  putRecord(shard: ShardName, epoch: number, key: string, bytes: Uint8Array, ttlMs: number): Promise<'stored' | 'fenced'>
  deleteRecord(shard: ShardName, epoch: number, key: string): Promise<'deleted' | 'fenced'>

  close(): Promise<void>
}

/** For example `inv.17`. */
export type ShardName = `${ShardKind}.${number}`

export function shardName(kind: ShardKind, shard: number): ShardName {
  return `${kind}.${shard}`
}

/** How many shards of each kind there are: fixed when the data is created. */
export interface ShardCounts {
  readonly inv: number
  readonly ses: number
}

/** The parts of a shard's name. */
export function partsOfName(name: ShardName): { readonly kind: ShardKind; readonly shard: number } {
  const [kind, shard] = name.split('.')
  return { kind: kind === 'ses' ? 'ses' : 'inv', shard: Number(shard) }
}

/** The names of all of them. */
export function shardsOf({ inv, ses }: ShardCounts): readonly ShardName[] {
  return [...Array.from({ length: inv }, (_, i) => shardName('inv', i)), ...Array.from({ length: ses }, (_, i) => shardName('ses', i))]
}

/** A place in a shard's journal. Positions are ordered by epoch, then seq. */
export interface Position {
  readonly epoch: number
  readonly seq: number
}

/** Before every record. */
export const journalStart: Position = { epoch: 0, seq: 0 }

export function comparePositions(a: Position, b: Position): number {
  return a.epoch === b.epoch ? a.seq - b.seq : a.epoch - b.epoch
}

export interface Lease {
  readonly epoch: number
  /** ms by the store's clock; `Infinity` where an owner's end is known at once. */
  readonly until: number
}

export interface Opened {
  readonly snapshot: Snapshot | undefined
  /** Records after the snapshot; see {@link Store.readTail}. */
  readonly tail: AsyncIterable<JournalRecord>
}

export interface JournalRecord {
  readonly position: Position
  readonly bytes: Uint8Array
}

/** The bytes that are to stand in the place of this record's; undefined to leave it. Valid until the next call. */
export type RewriteRecord = (position: Position, record: Uint8Array) => Uint8Array | undefined

/** `bytes` is empty for an epoch's opening, whose position has `seq` 0. */
export interface ArchiveRecord extends JournalRecord {
  readonly trimmed: boolean
}

export interface Snapshot {
  readonly position: Position
  /** The shard's time at that position. */
  readonly now: number
  readonly chunks: readonly Uint8Array[]
}

export const chunkBytesMax = 256 * 1024

/**
 * `STORE_FAILED`, `STORE_SHORT` (fewer copies than promised) and `STORE_FULL` may pass: the same call may succeed later. `STORE_UNUSABLE` will not by itself, nor will `STORE_IN_USE` while the other
 * process lives. `STORE_GAP` is of reading only.
 */
export type StoreFaultCode =
  | 'STORE_FAILED'
  | 'STORE_SHORT'
  | 'STORE_GAP'
  | 'STORE_FULL'
  | 'STORE_IN_USE'
  | 'STORE_UNUSABLE'
  | 'STORE_CLOSED'

/** The store could not do it, or cannot say whether it did. */
export class StoreFault extends Error {
  readonly code: StoreFaultCode

  constructor(code: StoreFaultCode, message: string, cause?: unknown) {
    super(message, cause === undefined ? {} : { cause })
    this.code = code
  }
}
