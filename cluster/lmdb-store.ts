import { rewriteLog } from './archive-rewrite.ts'
import { ColdRecords } from './cold-records.ts'
import { spaceOf } from './data-file.ts'
import { type OwnedFolder, takeFolder } from './data-folder.ts'
import { JournalArchive } from './journal-archive.ts'
import { JournalReader } from './journal-reader.ts'
import { closedFault } from './lmdb-faults.ts'
import { shardKey } from './lmdb-keys.ts'
import { LmdbRecord } from './lmdb-record.ts'
import { LmdbTable } from './lmdb-table.ts'
import type { Durability } from './lmdb.ts'
import type { MetricSink, MetricSource } from './metrics.ts'
import { type Presence, socketPresence } from './owner-socket.ts'
import { PeriodicSync } from './periodic-sync.ts'
import { ShardJournal } from './shard-journal.ts'
import { ShardSnapshots } from './shard-snapshots.ts'
import type { SharedRecord } from './shared-record.ts'
import { type SharedTable, type TableLimits, tableLimits } from './shared-table.ts'
import {
  comparePositions,
  type ArchiveRecord,
  type JournalRecord,
  journalStart,
  type Lease,
  type Opened,
  partsOfName,
  type Position,
  type RewriteRecord,
  type ShardCounts,
  type ShardName,
  type Snapshot,
  type Store,
} from './store.ts'
import { delay, type Timer, type World } from './world.ts'

export interface LmdbStoreOptions {
  readonly folder: string
  readonly durability: Durability
  /** How long trimmed records stay readable. */
  readonly archiveDays: number
  /** Fixed when the folder is made. */
  readonly shards: ShardCounts
  readonly world: World
  /** Appends are refused while the disk has less free space; {@link reserveBytesDefault} if left out. */
  readonly reserveBytes?: number
  /** How a living owner is recognised; a socket in the folder if left out. */
  readonly presence?: Presence
}

const reserveBytesDefault = 64 * 1024 * 1024
const archiveSweepMs = 60_000
const recordSweepMs = 1000
const sweepPauseMs = 5
const dayMs = 86_400_000

export interface LmdbStore extends Store, MetricSource {
  /** A record of the process, outside of all shards. */
  record(name: string): SharedRecord
  /** Rows of the process, likewise. */
  table(name: string, limits?: TableLimits): SharedTable
}

/** Takes over the data folder, making it if need be; a `StoreFault` with one line for the user if it cannot. */
export async function openLmdbStore(options: LmdbStoreOptions): Promise<LmdbStore> {
  const { folder, durability, shards, world, reserveBytes = reserveBytesDefault, presence = socketPresence(folder) } = options
  const owned = await takeFolder({ folder, durability, shards, reserveBytes, presence, random: world.random })
  const sync = durability === 'everysec' ? await PeriodicSync.start(owned.env, folder, world) : undefined
  return new OwnedLmdbStore(options, owned, sync)
}

interface Shard {
  readonly key: Buffer
  readonly journal: ShardJournal
  readonly snapshots: ShardSnapshots
}

class OwnedLmdbStore implements LmdbStore {
  readonly #options: LmdbStoreOptions
  readonly #owned: OwnedFolder
  readonly #sync: PeriodicSync | undefined
  readonly #reader: JournalReader
  readonly #records: ColdRecords
  readonly #archive: JournalArchive
  readonly #shards = new Map<ShardName, Shard>()
  readonly #sweeps: readonly Timer[]
  #sweeping: Promise<void> = Promise.resolve()
  #closed: Promise<void> | undefined

  constructor(options: LmdbStoreOptions, owned: OwnedFolder, sync: PeriodicSync | undefined) {
    const { clock, timers } = options.world
    this.#options = options
    this.#owned = owned
    this.#sync = sync
    this.#reader = new JournalReader(owned.env, () => new Promise((resolve) => timers.soon(resolve)))
    this.#records = new ColdRecords(owned.env, clock)
    const pause = (): Promise<void> => delay(timers, sweepPauseMs)
    this.#archive = new JournalArchive(owned.env, owned.term, options.archiveDays * dayMs, clock, pause)
    this.#sweeps = [
      timers.every(archiveSweepMs, () => this.#sweep(() => this.#archive.sweep())),
      timers.every(recordSweepMs, () => this.#sweep(() => this.#records.sweep(owned.term))),
    ]
  }

  async claim(shard: ShardName, owner: string): Promise<Lease | 'taken'> {
    const epoch = await this.#shard(shard).journal.claim(owner)
    if (epoch === 'taken') return epoch
    // An epoch that was given out must never be given out again, however lax the appends are.
    await this.#sync?.now()
    return { epoch, until: Infinity }
  }

  async renew(shard: ShardName, epoch: number): Promise<Lease | 'lost'> {
    return this.#shard(shard).journal.stands(epoch) ? { epoch, until: Infinity } : 'lost'
  }

  async release(shard: ShardName, epoch: number): Promise<void> {
    this.#shard(shard).journal.release(epoch)
  }

  async open(shard: ShardName, epoch: number, known?: Position): Promise<Opened | 'fenced'> {
    const { key, journal } = this.#shard(shard)
    if ((await journal.open(epoch)) === 'fenced') return 'fenced'
    if (known !== undefined) return { snapshot: undefined, tail: this.#reader.tail(key, known) }
    const snapshot = await this.#reader.snapshot(key)
    return { snapshot, tail: this.#reader.tail(key, snapshot?.position ?? journalStart) }
  }

  async append(shard: ShardName, position: Position, record: Uint8Array): Promise<'stored' | 'fenced'> {
    return this.#shard(shard).journal.append(position, record)
  }

  async confirm(shard: ShardName, last: Position): Promise<'stands' | 'fenced'> {
    const { journal } = this.#shard(shard)
    return journal.stands(last.epoch) && comparePositions(journal.head, last) === 0 ? 'stands' : 'fenced'
  }

  readTail(shard: ShardName, after: Position): AsyncIterable<JournalRecord> {
    return this.#reader.tail(this.#key(shard), after)
  }

  async readSnapshot(shard: ShardName): Promise<Snapshot | undefined> {
    return this.#reader.snapshot(this.#key(shard))
  }

  async writeSnapshot(shard: ShardName, snapshot: Snapshot): Promise<'stored' | 'older'> {
    const { journal, snapshots } = this.#shard(shard)
    return snapshots.write(snapshot, journal.head)
  }

  readArchive(shard: ShardName): AsyncIterable<ArchiveRecord> {
    return this.#reader.archive(this.#key(shard))
  }

  async rewriteArchive(shard: ShardName, rewrite: RewriteRecord): Promise<number> {
    const { key } = this.#shard(shard)
    const snapshot = this.#reader.manifest(key)
    if (snapshot === undefined) return 0
    const { env, term } = this.#owned
    const pause = async (): Promise<void> => {
      if (this.#closed !== undefined) throw closedFault()
      await delay(this.#options.world.timers, sweepPauseMs)
    }
    // Not while records are being deleted: one that is gone must not be put back.
    const rewriting = this.#sweeping.then(() => rewriteLog(env, term, key, snapshot.position, rewrite, pause))
    this.#sweeping = rewriting.then(
      () => {},
      () => {},
    )
    return rewriting
  }

  async getRecord(_: ShardName, key: string): Promise<Uint8Array | undefined> {
    return this.#records.get(key)
  }

  async putRecord(shard: ShardName, epoch: number, key: string, bytes: Uint8Array, ttlMs: number): Promise<'stored' | 'fenced'> {
    if (!this.#shard(shard).journal.isOpen(epoch)) return 'fenced'
    // Handed over in the same turn as that look, so that it is written before anything that a newer epoch writes.
    return (await this.#records.put(this.#owned.term, key, bytes, ttlMs)) ? 'stored' : 'fenced'
  }

  async deleteRecord(shard: ShardName, epoch: number, key: string): Promise<'deleted' | 'fenced'> {
    if (!this.#shard(shard).journal.isOpen(epoch)) return 'fenced'
    return (await this.#records.delete(this.#owned.term, key)) ? 'deleted' : 'fenced'
  }

  collect(sink: MetricSink): void {
    const { usedBytes, freeBytes } = spaceOf(this.#options.folder)
    sink.gauge('sluice_store_used_bytes', 'Memory that Redis uses, or disk that the data folder takes', usedBytes)
    sink.gauge('sluice_store_limit_bytes', 'Memory that Redis may use, or disk that the data folder may take', usedBytes + freeBytes)
  }

  record(name: string): SharedRecord {
    return new LmdbRecord(this.#owned.env, this.#owned.term, name)
  }

  table(name: string, limits = tableLimits): SharedTable {
    return new LmdbTable(this.#owned.env, this.#owned.term, this.#options.world.clock, name, limits)
  }

  close(): Promise<void> {
    this.#closed ??= this.#end()
    return this.#closed
  }

  async #end(): Promise<void> {
    for (const timer of this.#sweeps) timer.cancel()
    this.#archive.stop()
    await this.#sweeping
    for (const { journal } of this.#shards.values()) await journal.settled()
    await this.#sync?.close()
    await this.#owned.close()
  }

  #shard(name: ShardName): Shard {
    if (this.#closed !== undefined) throw closedFault()
    const known = this.#shards.get(name)
    if (known !== undefined) return known
    const key = this.#key(name)
    const { env, term } = this.#owned
    const { clock, timers } = this.#options.world
    const shard = {
      key,
      journal: new ShardJournal(env, term, key, this.#reader),
      snapshots: new ShardSnapshots(env, term, this.#reader, key, clock, timers),
    }
    this.#shards.set(name, shard)
    return shard
  }

  #key(name: ShardName): Buffer {
    const { kind, shard } = partsOfName(name)
    if (!(shard < this.#options.shards[kind])) throw new Error(`there is no shard ${name}`)
    return shardKey(name)
  }

  /** One sweep at a time, and none that throws: what it left is there for the next. */
  #sweep(sweep: () => Promise<void>): void {
    this.#sweeping = this.#sweeping.then(sweep).catch((error: unknown) => {
      this.#options.world.log.warn({ error }, 'could not clear away old data; will try again')
    })
  }
}
