import {
  type JournalRecord,
  type Lease,
  type Position,
  type RewriteRecord,
  type ShardName,
  shardName,
  type Snapshot,
} from '../../../cluster/store.ts'
import type { Reached } from '../reached.ts'
import { type Scheduler, simulationStart } from '../scheduler.ts'
import type { SeededRandom } from '../seeded-random.ts'
import type { SimProcess } from '../sim-process.ts'
import type { Trace } from '../trace.ts'
import { type Applied, describeChange, positionText, type StoreChange, type StoreObserver } from './store-change.ts'
import type { StoreSabotage } from './stored-journal.ts'
import { type SnapshotManifest, StoredShard } from './stored-shard.ts'
import { type Loss, UndoLog } from './undo-log.ts'

export interface StoreServerParts {
  readonly scheduler: Scheduler
  readonly random: SeededRandom
  readonly trace: Trace
  readonly reached: Reached
  /** Of each kind. */
  readonly shards: number
  readonly leaseMs: number
  readonly sabotage?: StoreSabotage
}

/** An epoch is the store's clock in seconds times this, and a random part, so that one that a failover has lost is not given out again. */
const epochsPerSecond = 2 ** 20
const sliceRecordsMax = 64

/** The store at its own end: does what arrives, one request after the other, by its own clock, and counts what is rare. */
export class StoreServer {
  readonly names: readonly ShardName[]
  private readonly parts: StoreServerParts
  private readonly shards: ReadonlyMap<ShardName, StoredShard>
  private readonly past = new UndoLog()
  private readonly observers: StoreObserver[] = []
  /** Who opened last and has not given back; told apart from leases, which run out. */
  private readonly openers = new Map<ShardName, SimProcess>()
  private by = ''

  constructor(parts: StoreServerParts) {
    this.parts = parts
    const numbers = Array.from({ length: parts.shards }, (_, number) => number)
    this.names = [...numbers.map((number) => shardName('inv', number)), ...numbers.map((number) => shardName('ses', number))]
    const note = (change: StoreChange, undo: () => void): void => this.note(change, undo)
    this.shards = new Map(this.names.map((name) => [name, new StoredShard(name, note, parts.sabotage)]))
  }

  observe(observer: StoreObserver): void {
    this.observers.push(observer)
  }

  shard(name: ShardName): StoredShard {
    const shard = this.shards.get(name)
    if (shard === undefined) throw new Error(`there is no shard ${name}`)
    return shard
  }

  claim(by: SimProcess, name: ShardName, owner: string): Lease | 'taken' {
    const { random, leaseMs } = this.parts
    const epoch = Math.floor(this.now / 1_000) * epochsPerSecond + random.below(epochsPerSecond)
    return this.shardFor(by, name).claim(owner, epoch, this.now, this.now + leaseMs)
  }

  renew(by: SimProcess, name: ShardName, epoch: number): Lease | 'lost' {
    return this.shardFor(by, name).renew(epoch, this.now + this.parts.leaseMs)
  }

  release(by: SimProcess, name: ShardName, epoch: number): void {
    if (this.shardFor(by, name).release(epoch) === 'released') this.openers.delete(name)
  }

  open(by: SimProcess, name: ShardName, epoch: number): 'stored' | 'fenced' {
    const outcome = this.shardFor(by, name).open(epoch)
    if (outcome === 'stored') {
      const former = this.openers.get(name)
      if (former !== undefined && former !== by && !former.isDead) this.parts.reached.count('opening fenced an owner')
      this.openers.set(name, by)
    }
    return outcome === 'fenced' ? 'fenced' : 'stored'
  }

  append(by: SimProcess, name: ShardName, position: Position, bytes: Uint8Array): 'stored' | 'fenced' {
    const outcome = this.shardFor(by, name).append(position, bytes)
    const { reached } = this.parts
    if (outcome === 'repeated') reached.count('append repeated')
    if (outcome === 'stored' && by.isDead) reached.count('append landed after its owner died')
    if (outcome !== 'fenced') {
      this.tellStands(by, name)
      return 'stored'
    }
    reached.count('append fenced')
    this.trace(`${name} fenced ${positionText(position)} ${by.name}`)
    return 'fenced'
  }

  confirm(by: SimProcess, name: ShardName, last: Position): 'stands' | 'fenced' {
    if (!this.shardFor(by, name).journal.endsWith(last)) return 'fenced'
    this.tellStands(by, name)
    return 'stands'
  }

  /** The next few records, openings included. */
  slice(by: SimProcess, name: ShardName, after: Position): readonly JournalRecord[] | 'gap' {
    const slice = this.shardFor(by, name).journal.slice(after, sliceRecordsMax)
    if (slice === 'gap') this.parts.reached.count('journal trimmed while being read')
    return slice
  }

  snapshot(by: SimProcess, name: ShardName, former: boolean): Snapshot | undefined {
    return this.shardFor(by, name).readSnapshot(former)
  }

  stage(by: SimProcess, name: ShardName, upload: string, chunk: Uint8Array): void {
    this.shardFor(by, name).stage(upload, chunk, this.now)
    for (const observer of this.observers) observer.onStaged?.(by.name)
  }

  keepSnapshot(by: SimProcess, name: ShardName, manifest: SnapshotManifest): 'stored' | 'older' {
    const outcome = this.shardFor(by, name).keepSnapshot(manifest)
    this.parts.reached.count(outcome === 'stored' ? 'snapshot stored' : 'snapshot older than stored')
    return outcome
  }

  rewriteArchive(by: SimProcess, name: ShardName, rewrite: RewriteRecord): number {
    const rewritten = this.shardFor(by, name).rewriteArchive(rewrite)
    if (rewritten > 0) this.parts.reached.count('names struck out of the archive')
    return rewritten
  }

  get(by: SimProcess, name: ShardName, key: string): Uint8Array | undefined {
    const record = this.shardFor(by, name).get(key, this.now)
    if (record !== undefined) this.parts.reached.count('record of a user read cold')
    return record
  }

  put(by: SimProcess, name: ShardName, epoch: number, key: string, bytes: Uint8Array, ttlMs: number): 'stored' | 'fenced' {
    return this.counted(this.shardFor(by, name).put(epoch, key, bytes, this.now + ttlMs))
  }

  delete(by: SimProcess, name: ShardName, epoch: number, key: string): 'deleted' | 'fenced' {
    return this.counted(this.shardFor(by, name).delete(epoch, key))
  }

  /** Another server takes over that had not received the newest changes. Returns what is lost, oldest first. */
  failOver(loss: Loss): readonly Applied[] {
    const lost = this.past.turnBack(loss, this.now)
    for (const shard of this.shards.values()) shard.dropStaged()
    const { reached } = this.parts
    const records = lost.filter(({ kind }) => kind === 'append').length
    const epochs = lost.filter(({ kind }) => kind === 'open' || kind === 'claim').length
    if (records > 0) reached.count('records lost in a failover')
    if (epochs > 0) reached.count('epoch lost in a failover')
    this.trace(`failover: ${lost.length} changes lost, ${records} records and ${epochs} claims or openings among them`)
    for (const change of lost) if (change.kind !== 'renew') this.trace(`lost: ${describeChange(change)}`)
    for (const observer of this.observers) observer.onLost?.(lost)
    return lost
  }

  trace(what: string): void {
    this.parts.trace.add(this.now - simulationStart, 'store', what)
  }

  private shardFor(by: SimProcess, name: ShardName): StoredShard {
    this.by = by.name
    return this.shard(name)
  }

  private tellStands(by: SimProcess, name: ShardName): void {
    for (const observer of this.observers) observer.onStands?.(name, by.name)
  }

  private counted<T extends string>(outcome: T): T {
    if (outcome === 'fenced') this.parts.reached.count('cold record fenced')
    return outcome
  }

  private note(change: StoreChange, undo: () => void): void {
    const applied: Applied = { ...change, at: this.now, by: this.by }
    this.past.add(applied, undo)
    // Renewals come all the time and say nothing new.
    if (change.kind !== 'renew') this.trace(`${describeChange(change)} ${this.by}`)
    for (const observer of this.observers) observer.onApplied?.(applied)
  }

  private get now(): number {
    return this.parts.scheduler.now
  }
}
