import {
  type ArchiveRecord,
  type JournalRecord,
  type Lease,
  type Opened,
  type Position,
  type RewriteRecord,
  type ShardName,
  type Snapshot,
  type Store,
  StoreFault,
} from '../../cluster/store.ts'
import { MemoryStore } from './memory-store.ts'

/** What becomes of the next append or confirmation. */
export type Trouble = 'fails' | 'applies and fails' | 'applies and is short' | 'fenced'

/** A store whose appends and confirmations wait, fail or are refused as a test wants it. */
export class TroubledStore implements Store {
  readonly kept = new MemoryStore()
  /** Every try, also those that failed. */
  readonly appends: JournalRecord[] = []
  confirms = 0
  readonly troubles: Trouble[] = []
  private waiting: (() => void)[] | undefined
  private recordsWaiting: (() => void)[] | undefined

  /** From now on appends and confirmations wait for {@link letGo}. */
  hold(): void {
    this.waiting ??= []
  }

  letGo(): void {
    const waiting = this.waiting ?? []
    this.waiting = undefined
    for (const go of waiting) go()
  }

  holdRecords(): void {
    this.recordsWaiting ??= []
  }

  letRecordsGo(): void {
    const waiting = this.recordsWaiting ?? []
    this.recordsWaiting = undefined
    for (const go of waiting) go()
  }

  async append(shard: ShardName, position: Position, record: Uint8Array): Promise<'stored' | 'fenced'> {
    this.appends.push({ position, bytes: new Uint8Array(record) })
    await this.turn()
    const trouble = this.troubles.shift()
    if (trouble === 'fenced') return 'fenced'
    if (trouble === 'fails') throw new StoreFault('STORE_FAILED', 'told to fail')
    const outcome = await this.kept.append(shard, position, record)
    if (trouble === 'applies and fails') throw new StoreFault('STORE_FAILED', 'told to fail after the fact')
    if (trouble === 'applies and is short') throw new StoreFault('STORE_SHORT', 'told to be short of copies')
    return outcome
  }

  async confirm(shard: ShardName, last: Position): Promise<'stands' | 'fenced'> {
    this.confirms++
    await this.turn()
    const trouble = this.troubles.shift()
    if (trouble === 'fenced') return 'fenced'
    if (trouble === 'applies and is short') throw new StoreFault('STORE_SHORT', 'told to be short of copies')
    if (trouble !== undefined) throw new StoreFault('STORE_FAILED', 'told to fail')
    return this.kept.confirm(shard, last)
  }

  async getRecord(shard: ShardName, key: string): Promise<Uint8Array | undefined> {
    const { recordsWaiting } = this
    if (recordsWaiting !== undefined) await new Promise<void>((resolve) => recordsWaiting.push(resolve))
    return this.kept.getRecord(shard, key)
  }

  claim(shard: ShardName): Promise<Lease> {
    return this.kept.claim(shard)
  }

  renew(shard: ShardName, epoch: number): Promise<Lease | 'lost'> {
    return this.kept.renew(shard, epoch)
  }

  release(): Promise<void> {
    return this.kept.release()
  }

  open(shard: ShardName, epoch: number, known?: Position): Promise<Opened | 'fenced'> {
    return this.kept.open(shard, epoch, known)
  }

  readTail(shard: ShardName, after: Position): AsyncIterable<JournalRecord> {
    return this.kept.readTail(shard, after)
  }

  readSnapshot(shard: ShardName): Promise<Snapshot | undefined> {
    return this.kept.readSnapshot(shard)
  }

  writeSnapshot(shard: ShardName, snapshot: Snapshot): Promise<'stored' | 'older'> {
    return this.kept.writeSnapshot(shard, snapshot)
  }

  readArchive(shard: ShardName): AsyncIterable<ArchiveRecord> {
    return this.kept.readArchive(shard)
  }

  rewriteArchive(shard: ShardName, rewrite: RewriteRecord): Promise<number> {
    return this.kept.rewriteArchive(shard, rewrite)
  }

  putRecord(shard: ShardName, epoch: number, key: string, bytes: Uint8Array): Promise<'stored' | 'fenced'> {
    return this.kept.putRecord(shard, epoch, key, bytes)
  }

  deleteRecord(shard: ShardName, epoch: number, key: string): Promise<'deleted' | 'fenced'> {
    return this.kept.deleteRecord(shard, epoch, key)
  }

  close(): Promise<void> {
    return this.kept.close()
  }

  private async turn(): Promise<void> {
    const { waiting } = this
    if (waiting !== undefined) await new Promise<void>((resolve) => waiting.push(resolve))
  }
}
