import { ColdRecords } from './cold-records.ts'
import { openFolderToRead } from './data-folder.ts'
import { JournalReader } from './journal-reader.ts'
import { shardKey } from './lmdb-keys.ts'
import type { LmdbEnv } from './lmdb.ts'
import {
  type ArchiveRecord,
  type JournalRecord,
  type Position,
  type ShardCounts,
  type ShardName,
  shardsOf,
  type Snapshot,
} from './store.ts'
import type { Clock } from './world.ts'

/**
 * A data folder read beside its owner, by a tool or by a thread that makes snapshots: it sees every commit and writes nothing.
 * Throws a `StoreFault` with one line for the user if there is nothing to read. `pause` is awaited between slices; reading ends if it rejects.
 */
export function openLmdbReader(folder: string, clock: Clock, pause = goOn): LmdbReader {
  const { env, shards } = openFolderToRead(folder)
  return new LmdbReader(env, shards, clock, pause)
}

/** For those whose thread nobody else waits for. */
function goOn(): Promise<void> {
  return Promise.resolve()
}

export class LmdbReader {
  readonly shards: readonly ShardName[]
  readonly #env: LmdbEnv
  readonly #reader: JournalReader
  readonly #records: ColdRecords

  constructor(env: LmdbEnv, counts: ShardCounts, clock: Clock, pause: () => Promise<void>) {
    this.shards = shardsOf(counts)
    this.#env = env
    this.#reader = new JournalReader(env, pause)
    this.#records = new ColdRecords(env, clock)
  }

  readTail(shard: ShardName, after: Position): AsyncIterable<JournalRecord> {
    return this.#reader.tail(shardKey(shard), after)
  }

  async readSnapshot(shard: ShardName): Promise<Snapshot | undefined> {
    return this.#reader.snapshot(shardKey(shard))
  }

  readArchive(shard: ShardName): AsyncIterable<ArchiveRecord> {
    return this.#reader.archive(shardKey(shard))
  }

  async getRecord(_: ShardName, key: string): Promise<Uint8Array | undefined> {
    return this.#records.get(key)
  }

  close(): Promise<void> {
    return this.#env.close()
  }
}
