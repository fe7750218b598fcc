import {
  type ArchiveRecord,
  chunkBytesMax,
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
} from '../../../cluster/store.ts'
import type { Reached } from '../reached.ts'
import type { SimProcess } from '../sim-process.ts'
import type { StoreLink } from './store-link.ts'
import type { StoreServer } from './store-server.ts'
import type { StoreWeather } from './store-weather.ts'

export interface StoreClientParts {
  readonly server: StoreServer
  readonly link: StoreLink
  readonly weather: StoreWeather
  readonly process: SimProcess
  readonly reached: Reached
  /** Of all clients of the store, so that their snapshots in the making are told apart. */
  readonly number: number
}

/** The store as one process has it. What it is given is copied before it travels: the giver may use the bytes again when it has given up. */
export class StoreClient implements Store {
  private readonly parts: StoreClientParts
  private uploads = 0
  /** Snapshots of which chunks are at the store, and the manifest is not. */
  private halfWritten = 0
  private isClosed = false

  constructor(parts: StoreClientParts) {
    this.parts = parts
    parts.process.whenDead(() => parts.reached.count('snapshot torn', this.halfWritten))
  }

  claim(shard: ShardName, owner: string): Promise<Lease | 'taken'> {
    return this.ask((server, by) => server.claim(by, shard, owner))
  }

  renew(shard: ShardName, epoch: number): Promise<Lease | 'lost'> {
    return this.ask((server, by) => server.renew(by, shard, epoch))
  }

  release(shard: ShardName, epoch: number): Promise<void> {
    return this.ask((server, by) => server.release(by, shard, epoch))
  }

  /** The snapshot and the tail are read in requests of their own, so that anything may happen in between. */
  async open(shard: ShardName, epoch: number, known?: Position): Promise<Opened | 'fenced'> {
    const outcome = await this.ask((server, by) => server.open(by, shard, epoch))
    if (outcome === 'fenced') return 'fenced'
    if (known !== undefined) return { snapshot: undefined, tail: this.readTail(shard, known) }
    const snapshot = await this.readSnapshot(shard)
    return { snapshot, tail: this.readTail(shard, snapshot?.position ?? journalStart) }
  }

  append(shard: ShardName, position: Position, record: Uint8Array): Promise<'stored' | 'fenced'> {
    // From Node's pool: small memory of its own for each of many records would keep the garbage collector busy.
    const bytes = Buffer.from(record)
    return this.write((server, by) => server.append(by, shard, position, bytes))
  }

  confirm(shard: ShardName, last: Position): Promise<'stands' | 'fenced'> {
    return this.ask((server, by) => server.confirm(by, shard, last))
  }

  async *readTail(shard: ShardName, after: Position): AsyncIterable<JournalRecord> {
    for (let last = after; ;) {
      const from = last
      const slice = await this.ask((server, by) => server.slice(by, shard, from))
      if (slice === 'gap') throw new StoreFault('STORE_GAP', `the journal lacks what comes after ${from.epoch}-${from.seq}`)
      for (const record of slice) if (record.position.seq > 0) yield record
      const newest = slice.at(-1)
      if (newest === undefined) return
      last = newest.position
    }
  }

  readSnapshot(shard: ShardName): Promise<Snapshot | undefined> {
    const { link, weather } = this.parts
    return this.ask((server, by) => server.snapshot(by, shard, link.strikes(weather.staleReadShare)))
  }

  async writeSnapshot(shard: ShardName, { position, now, chunks }: Snapshot): Promise<'stored' | 'older'> {
    for (const { length } of chunks) if (length > chunkBytesMax) throw new Error(`a snapshot chunk of ${length} bytes is too large`)
    const upload = `${this.parts.number}.${++this.uploads}`
    let isHalfWritten = false
    const stageNext = (chunk: Uint8Array): Promise<void> => {
      const copy = new Uint8Array(chunk)
      return this.ask((server, by) => server.stage(by, shard, upload, copy))
    }
    try {
      for (const chunk of chunks) {
        await stageNext(chunk)
        if (!isHalfWritten) this.halfWritten++
        isHalfWritten = true
      }
      return await this.ask((server, by) => server.keepSnapshot(by, shard, { upload, chunkCount: chunks.length, position, now }))
    } catch (error) {
      if (isHalfWritten && error instanceof StoreFault) this.parts.reached.count('snapshot torn')
      throw error
    } finally {
      if (isHalfWritten) this.halfWritten--
    }
  }

  async *readArchive(shard: ShardName): AsyncIterable<ArchiveRecord> {
    yield* await this.ask((server) => [...server.shard(shard).journal.archive()])
  }

  rewriteArchive(shard: ShardName, rewrite: RewriteRecord): Promise<number> {
    return this.ask((server, by) => server.rewriteArchive(by, shard, rewrite))
  }

  getRecord(shard: ShardName, key: string): Promise<Uint8Array | undefined> {
    return this.ask((server, by) => server.get(by, shard, key))
  }

  putRecord(shard: ShardName, epoch: number, key: string, bytes: Uint8Array, ttlMs: number): Promise<'stored' | 'fenced'> {
    const copy = Buffer.from(bytes)
    return this.write((server, by) => server.put(by, shard, epoch, key, copy, ttlMs))
  }

  deleteRecord(shard: ShardName, epoch: number, key: string): Promise<'deleted' | 'fenced'> {
    return this.ask((server, by) => server.delete(by, shard, epoch, key))
  }

  async close(): Promise<void> {
    this.isClosed = true
  }

  private ask<T>(run: (server: StoreServer, by: SimProcess) => T): Promise<T> {
    const { link, server, process } = this.parts
    return this.isClosed ? closed() : link.request(() => run(server, process))
  }

  private write<T>(run: (server: StoreServer, by: SimProcess) => T): Promise<T> {
    const { link, server, process } = this.parts
    return this.isClosed ? closed() : link.write(() => run(server, process))
  }
}

function closed(): Promise<never> {
  return Promise.reject(new StoreFault('STORE_CLOSED', 'the store is closed'))
}
