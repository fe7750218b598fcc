import {
  type ArchiveRecord,
  comparePositions,
  type JournalRecord,
  journalStart,
  type Lease,
  type Opened,
  type Position,
  type RewriteRecord,
  type ShardName,
  type Snapshot,
  type Store,
  StoreFault,
} from '../../cluster/store.ts'
import { Turnstile } from './turnstile.ts'

interface Kept {
  epoch: number
  journal: JournalRecord[]
  archive: ArchiveRecord[]
  snapshot: Snapshot | undefined
}

/** A store for tests that keeps everything in memory, counts what is asked of it, and fails when told to. */
export class MemoryStore implements Store {
  readonly records = new Map<string, Uint8Array>()
  readonly reads: string[] = []
  readonly writes: string[] = []
  /** While true, single records cannot be read, or written. */
  readsFail = false
  writesFail = false
  readonly appending = new Turnstile()
  readonly reading = new Turnstile()
  readonly writing = new Turnstile()
  private readonly shards = new Map<ShardName, Kept>()

  async claim(shard: ShardName): Promise<Lease> {
    const kept = this.kept(shard)
    kept.epoch++
    return { epoch: kept.epoch, until: Number.POSITIVE_INFINITY }
  }

  async renew(shard: ShardName, epoch: number): Promise<Lease | 'lost'> {
    return this.kept(shard).epoch === epoch ? { epoch, until: Number.POSITIVE_INFINITY } : 'lost'
  }

  async release(): Promise<void> {
    // Nobody waits for a lease here.
  }

  async open(shard: ShardName, epoch: number, known?: Position): Promise<Opened | 'fenced'> {
    const kept = this.kept(shard)
    if (epoch < kept.epoch) return 'fenced'
    kept.epoch = epoch
    if (known !== undefined) return { snapshot: undefined, tail: this.readTail(shard, known) }
    return { snapshot: kept.snapshot, tail: this.readTail(shard, kept.snapshot?.position ?? journalStart) }
  }

  async append(shard: ShardName, position: Position, record: Uint8Array): Promise<'stored' | 'fenced'> {
    await this.appending.pass()
    const kept = this.kept(shard)
    const repeated = kept.journal.find((one) => comparePositions(one.position, position) === 0)
    if (repeated !== undefined && position.epoch === kept.epoch) return Buffer.compare(repeated.bytes, record) === 0 ? 'stored' : 'fenced'
    if (position.epoch !== kept.epoch || position.seq !== lastSeqOf(kept) + 1) return 'fenced'
    kept.journal.push({ position, bytes: new Uint8Array(record) })
    return 'stored'
  }

  async confirm(shard: ShardName, last: Position): Promise<'stands' | 'fenced'> {
    const kept = this.kept(shard)
    return kept.epoch === last.epoch && lastSeqOf(kept) === last.seq ? 'stands' : 'fenced'
  }

  async *readTail(shard: ShardName, after: Position): AsyncIterable<JournalRecord> {
    const trimmedTo = this.kept(shard).snapshot?.position ?? journalStart
    if (comparePositions(trimmedTo, after) > 0) throw new StoreFault('STORE_GAP', 'the journal was trimmed meanwhile')
    for (const record of this.kept(shard).journal) if (comparePositions(record.position, after) > 0) yield record
  }

  async readSnapshot(shard: ShardName): Promise<Snapshot | undefined> {
    return this.kept(shard).snapshot
  }

  async writeSnapshot(shard: ShardName, snapshot: Snapshot): Promise<'stored' | 'older'> {
    const kept = this.kept(shard)
    if (kept.snapshot !== undefined && comparePositions(snapshot.position, kept.snapshot.position) <= 0) return 'older'
    kept.snapshot = snapshot
    kept.archive.push(
      ...kept.journal.filter((one) => comparePositions(one.position, snapshot.position) <= 0).map((one) => ({ ...one, trimmed: true })),
    )
    kept.journal = kept.journal.filter((one) => comparePositions(one.position, snapshot.position) > 0)
    return 'stored'
  }

  async *readArchive(shard: ShardName): AsyncIterable<ArchiveRecord> {
    const { archive, journal } = this.kept(shard)
    yield* archive
    for (const record of journal) yield { ...record, trimmed: false }
  }

  async rewriteArchive(shard: ShardName, rewrite: RewriteRecord): Promise<number> {
    const kept = this.kept(shard)
    let rewritten = 0
    kept.archive = kept.archive.map((record) => {
      const isLast = kept.snapshot !== undefined && comparePositions(record.position, kept.snapshot.position) === 0
      const bytes = record.position.seq === 0 || isLast ? undefined : rewrite(record.position, record.bytes)
      if (bytes !== undefined) rewritten++
      return bytes === undefined ? record : { ...record, bytes: new Uint8Array(bytes) }
    })
    return rewritten
  }

  async getRecord(_: ShardName, key: string): Promise<Uint8Array | undefined> {
    this.reads.push(key)
    await this.reading.pass()
    if (this.readsFail) throw new StoreFault('STORE_FAILED', 'told to fail')
    return this.records.get(key)
  }

  async putRecord(shard: ShardName, epoch: number, key: string, bytes: Uint8Array): Promise<'stored' | 'fenced'> {
    this.writes.push(key)
    const taken = new Uint8Array(bytes)
    await this.writing.pass()
    if (this.writesFail) throw new StoreFault('STORE_FAILED', 'told to fail')
    if (this.kept(shard).epoch !== epoch) return 'fenced'
    this.records.set(key, taken)
    return 'stored'
  }

  async deleteRecord(shard: ShardName, epoch: number, key: string): Promise<'deleted' | 'fenced'> {
    if (this.kept(shard).epoch !== epoch) return 'fenced'
    this.records.delete(key)
    return 'deleted'
  }

  async close(): Promise<void> {
    // Nothing to close.
  }

  /** Puts records there as if an owner had stored them, in whatever order. */
  seedJournal(shard: ShardName, records: readonly JournalRecord[]): void {
    this.kept(shard).journal.push(...records)
  }

  /** The newest records of the shard's journal are lost, as in a failover; what was written elsewhere is not. */
  loseFrom(shard: ShardName, position: Position): void {
    const kept = this.kept(shard)
    kept.journal = kept.journal.filter((one) => comparePositions(one.position, position) < 0)
  }

  /** How many records the shard's journal has that are not trimmed. */
  journalLength(shard: ShardName): number {
    return this.kept(shard).journal.length
  }

  private kept(shard: ShardName): Kept {
    const known = this.shards.get(shard)
    if (known !== undefined) return known
    const kept: Kept = { epoch: 0, journal: [], archive: [], snapshot: undefined }
    this.shards.set(shard, kept)
    return kept
  }
}

/** The last record of the epoch that may write; 0 for its opening. */
function lastSeqOf({ epoch, journal, snapshot }: Kept): number {
  const lastSeq = journal.findLast((one) => one.position.epoch === epoch)?.position.seq ?? 0
  return Math.max(lastSeq, snapshot?.position.epoch === epoch ? snapshot.position.seq : 0)
}
