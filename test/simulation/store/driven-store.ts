import type {
  ArchiveRecord,
  JournalRecord,
  Lease,
  Opened,
  Position,
  RewriteRecord,
  ShardName,
  Snapshot,
  Store,
} from '../../../cluster/store.ts'

export type Drive = <T>(answer: Promise<T>) => Promise<T>

/** A store whose calls make the time go on that they need, so that a test can simply wait for them. */
export class DrivenStore implements Store {
  private readonly store: Store
  private readonly drive: Drive

  constructor(store: Store, drive: Drive) {
    this.store = store
    this.drive = drive
  }

  claim(shard: ShardName, owner: string): Promise<Lease | 'taken'> {
    return this.drive(this.store.claim(shard, owner))
  }

  renew(shard: ShardName, epoch: number): Promise<Lease | 'lost'> {
    return this.drive(this.store.renew(shard, epoch))
  }

  release(shard: ShardName, epoch: number): Promise<void> {
    return this.drive(this.store.release(shard, epoch))
  }

  async open(shard: ShardName, epoch: number, known?: Position): Promise<Opened | 'fenced'> {
    const opened = await this.drive(this.store.open(shard, epoch, known))
    return opened === 'fenced' ? opened : { snapshot: opened.snapshot, tail: this.driven(opened.tail) }
  }

  append(shard: ShardName, position: Position, record: Uint8Array): Promise<'stored' | 'fenced'> {
    return this.drive(this.store.append(shard, position, record))
  }

  confirm(shard: ShardName, last: Position): Promise<'stands' | 'fenced'> {
    return this.drive(this.store.confirm(shard, last))
  }

  readTail(shard: ShardName, after: Position): AsyncIterable<JournalRecord> {
    return this.driven(this.store.readTail(shard, after))
  }

  readSnapshot(shard: ShardName): Promise<Snapshot | undefined> {
    return this.drive(this.store.readSnapshot(shard))
  }

  writeSnapshot(shard: ShardName, snapshot: Snapshot): Promise<'stored' | 'older'> {
    return this.drive(this.store.writeSnapshot(shard, snapshot))
  }

  readArchive(shard: ShardName): AsyncIterable<ArchiveRecord> {
    return this.driven(this.store.readArchive(shard))
  }

  rewriteArchive(shard: ShardName, rewrite: RewriteRecord): Promise<number> {
    return this.drive(this.store.rewriteArchive(shard, rewrite))
  }

  getRecord(shard: ShardName, key: string): Promise<Uint8Array | undefined> {
    return this.drive(this.store.getRecord(shard, key))
  }

  putRecord(shard: ShardName, epoch: number, key: string, bytes: Uint8Array, ttlMs: number): Promise<'stored' | 'fenced'> {
    return this.drive(this.store.putRecord(shard, epoch, key, bytes, ttlMs))
  }

  deleteRecord(shard: ShardName, epoch: number, key: string): Promise<'deleted' | 'fenced'> {
    return this.drive(this.store.deleteRecord(shard, epoch, key))
  }

  close(): Promise<void> {
    return this.drive(this.store.close())
  }

  private async *driven<T>(items: AsyncIterable<T>): AsyncIterable<T> {
    const iterator = items[Symbol.asyncIterator]()
    for (let next = await this.drive(iterator.next()); next.done !== true; next = await this.drive(iterator.next())) yield next.value
  }
}
