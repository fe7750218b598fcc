import {
  comparePositions,
  journalStart,
  type Lease,
  type Position,
  type RewriteRecord,
  type ShardName,
  type Snapshot,
  StoreFault,
} from '../../../cluster/store.ts'
import type { NoteChange } from './store-change.ts'
import { type StoreSabotage, StoredJournal } from './stored-journal.ts'

interface HeldLease extends Lease {
  readonly owner: string
}

interface ColdRecord {
  readonly bytes: Uint8Array
  readonly expiresAt: number
}

interface StagedChunks {
  readonly chunks: Uint8Array[]
  readonly expiresAt: number
}

/** Much longer than a snapshot takes from its first chunk to its manifest. */
const stagedLifeMs = 30_000

/** The last step of a snapshot: what its chunks belong to. */
export interface SnapshotManifest {
  /** Names the chunks that were staged for it. */
  readonly upload: string
  readonly chunkCount: number
  readonly position: Position
  readonly now: number
}

/** Everything that the store keeps of one shard. It knows no clock and no network: each method is one step, which happens or does not. */
export class StoredShard {
  readonly journal: StoredJournal
  private readonly name: ShardName
  private readonly note: NoteChange
  private readonly sabotage: StoreSabotage | undefined
  private lease: HeldLease | undefined
  private lastEpoch = 0
  private snapshot: Snapshot | undefined
  private formerSnapshot: Snapshot | undefined
  private readonly cold = new Map<string, ColdRecord>()
  /** Chunks whose manifest has not come yet, and of some never will. */
  private readonly staged = new Map<string, StagedChunks>()

  constructor(name: ShardName, note: NoteChange, sabotage: StoreSabotage | undefined) {
    this.name = name
    this.note = note
    this.sabotage = sabotage
    this.journal = new StoredJournal(sabotage)
  }

  /** Gives out `epoch`, or the next above the last one if that is not larger. */
  claim(owner: string, epoch: number, now: number, until: number): Lease | 'taken' {
    const { lease, lastEpoch } = this
    if (lease !== undefined && lease.owner !== owner && lease.until > now) return 'taken'
    const given = { owner, epoch: Math.max(epoch, lastEpoch + 1), until }
    this.lease = given
    this.lastEpoch = given.epoch
    this.note({ kind: 'claim', shard: this.name, epoch: given.epoch, owner }, () => {
      this.lease = lease
      this.lastEpoch = lastEpoch
    })
    return { epoch: given.epoch, until }
  }

  /** A lease that has run out may still be renewed while nobody else has taken the shard. */
  renew(epoch: number, until: number): Lease | 'lost' {
    const { lease } = this
    if (lease?.epoch !== epoch) return 'lost'
    this.lease = { ...lease, until: Math.max(until, lease.until) }
    this.note({ kind: 'renew', shard: this.name, epoch, owner: lease.owner }, () => {
      this.lease = lease
    })
    return { epoch, until: this.lease.until }
  }

  release(epoch: number): 'released' | 'lost' {
    const { lease } = this
    if (lease?.epoch !== epoch) return 'lost'
    this.lease = undefined
    this.note({ kind: 'release', shard: this.name, epoch, owner: lease.owner }, () => {
      this.lease = lease
    })
    return 'released'
  }

  open(epoch: number): 'stored' | 'repeated' | 'fenced' {
    if (this.lease?.epoch !== epoch) return 'fenced'
    const outcome = this.journal.open(epoch)
    if (outcome === 'stored') this.noteRecord('open', { epoch, seq: 0 }, noBytes)
    return outcome
  }

  append(position: Position, bytes: Uint8Array): 'stored' | 'repeated' | 'fenced' {
    const outcome = this.journal.append(position, bytes)
    if (outcome === 'stored') this.noteRecord('append', position, bytes)
    return outcome
  }

  /** `former`: as a replica knows it that lags behind. */
  readSnapshot(former: boolean): Snapshot | undefined {
    return former ? this.formerSnapshot : this.snapshot
  }

  /** Chunks without a manifest are nothing, and go away by themselves. */
  stage(upload: string, chunk: Uint8Array, now: number): void {
    for (const [other, { expiresAt }] of this.staged) if (expiresAt <= now) this.staged.delete(other)
    const chunks = this.staged.get(upload)?.chunks ?? []
    chunks.push(chunk)
    this.staged.set(upload, { chunks, expiresAt: now + stagedLifeMs })
  }

  dropStaged(): void {
    this.staged.clear()
  }

  /** Makes staged chunks the snapshot, and trims the journal up to it, in one step. */
  keepSnapshot(manifest: SnapshotManifest): 'stored' | 'older' {
    const { position } = manifest
    const chunks = this.staged.get(manifest.upload)?.chunks ?? []
    this.staged.delete(manifest.upload)
    if (this.sabotage !== 'unconditional-snapshot') {
      if (comparePositions(position, this.snapshot?.position ?? journalStart) <= 0) return 'older'
      // Also one that a failover has left without its record: it has in it what never happened.
      if (!this.journal.has(position)) throw new Error('a snapshot is ahead of its journal, or of another history')
    }
    if (chunks.length !== manifest.chunkCount) throw new StoreFault('STORE_FAILED', 'chunks of the snapshot are gone')
    this.replaceSnapshot({ position, now: manifest.now, chunks })
    return 'stored'
  }

  rewriteArchive(rewrite: RewriteRecord): number {
    if (this.snapshot === undefined) return 0
    const { count, undo } = this.journal.rewrite(this.snapshot.position, rewrite)
    if (count > 0) this.note({ kind: 'rewrite', shard: this.name, count }, undo)
    return count
  }

  get(key: string, now: number): Uint8Array | undefined {
    const record = this.cold.get(key)
    return record === undefined || record.expiresAt <= now ? undefined : record.bytes
  }

  put(epoch: number, key: string, bytes: Uint8Array, expiresAt: number): 'stored' | 'fenced' {
    if (!this.journal.isOpen(epoch)) return 'fenced'
    const undo = this.remembering(key)
    this.cold.set(key, { bytes, expiresAt })
    this.note({ kind: 'put', shard: this.name, epoch, key, bytes }, undo)
    return 'stored'
  }

  delete(epoch: number, key: string): 'deleted' | 'fenced' {
    if (!this.journal.isOpen(epoch)) return 'fenced'
    const undo = this.remembering(key)
    if (this.cold.delete(key)) this.note({ kind: 'delete', shard: this.name, epoch, key }, undo)
    return 'deleted'
  }

  private replaceSnapshot(snapshot: Snapshot): void {
    const { snapshot: current, formerSnapshot } = this
    const untrim = this.journal.trim(snapshot.position)
    this.formerSnapshot = current
    this.snapshot = snapshot
    this.note({ kind: 'snapshot', shard: this.name, position: snapshot.position, snapshot }, () => {
      untrim()
      this.snapshot = current
      this.formerSnapshot = formerSnapshot
    })
  }

  private noteRecord(kind: 'open' | 'append', position: Position, bytes: Uint8Array): void {
    this.note({ kind, shard: this.name, position, bytes }, () => this.journal.takeBack())
  }

  private remembering(key: string): () => void {
    const before = this.cold.get(key)
    return () => {
      if (before === undefined) this.cold.delete(key)
      else this.cold.set(key, before)
    }
  }
}

const noBytes = new Uint8Array(0)
