import type { JournalReader } from './journal-reader.ts'
import { chunkKey, keyAfterPrefix, manifestKey, trimKey } from './lmdb-keys.ts'
import { encodeManifest, encodePosition, type Manifest } from './lmdb-manifest.ts'
import type { LmdbEnv } from './lmdb.ts'
import { chunkBytesMax, comparePositions, journalStart, type Position, type Snapshot, StoreFault } from './store.ts'
import { type Clock, delay, type Timers } from './world.ts'

/**
 * Writes one shard's snapshots. Chunks go in one by one under a new generation, with pauses in which appends go first; then a single
 * transaction makes them the snapshot, trims the journal and notes when; then the old chunks are cleared away. A crash in between
 * leaves the old snapshot and some chunks of no generation that counts, which the next one clears.
 */
const chunkPauseMs = 2
const clearedChunksMax = 64

export class ShardSnapshots {
  readonly #env: LmdbEnv
  readonly #term: number
  readonly #reader: JournalReader
  readonly #shard: Buffer
  readonly #clock: Clock
  readonly #timers: Timers
  #underWay: Promise<unknown> | undefined

  constructor(env: LmdbEnv, term: number, reader: JournalReader, shard: Buffer, clock: Clock, timers: Timers) {
    this.#env = env
    this.#term = term
    this.#reader = reader
    this.#shard = shard
    this.#clock = clock
    this.#timers = timers
  }

  async write(snapshot: Snapshot, head: Position): Promise<'stored' | 'older'> {
    for (const chunk of snapshot.chunks) {
      if (chunk.length > chunkBytesMax) throw new Error(`a snapshot chunk has ${chunk.length} bytes, at most ${chunkBytesMax} may be`)
    }
    // Trimming up to a position that does not exist would hide the records that come to stand before it.
    if (comparePositions(snapshot.position, head) > 0) throw new Error('a snapshot is ahead of its journal')
    while (this.#underWay !== undefined) await this.#underWay
    const outcome = this.#replace(snapshot)
    this.#underWay = outcome.then(
      () => this.#ended(),
      () => this.#ended(),
    )
    return outcome
  }

  async #replace(snapshot: Snapshot): Promise<'stored' | 'older'> {
    this.#env.fresh()
    const kept = this.#reader.manifest(this.#shard)
    if (comparePositions(snapshot.position, kept?.position ?? journalStart) <= 0) return 'older'
    await this.#clear(kept)
    const generation = (kept?.generation ?? 0) + 1
    for (const [index, chunk] of snapshot.chunks.entries()) {
      if (index > 0) await delay(this.#timers, chunkPauseMs)
      await this.#commit(() => this.#env.chunks.put(chunkKey(this.#shard, generation, index), chunk))
    }
    const manifest = { position: snapshot.position, now: snapshot.now, generation, chunkCount: snapshot.chunks.length }
    await this.#commit(() => {
      this.#env.shards.put(manifestKey(this.#shard), encodeManifest(manifest))
      this.#env.trims.put(trimKey(Math.max(0, Math.trunc(this.#clock.now())), this.#shard), encodePosition(snapshot.position))
    })
    await this.#clear(manifest)
    return 'stored'
  }

  /** Removes chunks of other generations than the one that counts. */
  async #clear(kept: Manifest | undefined): Promise<void> {
    for (;;) {
      this.#env.fresh()
      const stale = this.#staleChunks(kept)
      if (stale.length === 0) return
      await this.#owned(
        this.#env.clear(this.#term, () => {
          for (const key of stale) this.#env.chunks.remove(key)
        }),
      )
      await delay(this.#timers, chunkPauseMs)
    }
  }

  #staleChunks(kept: Manifest | undefined): Buffer[] {
    const end = keyAfterPrefix(this.#shard)
    const { chunks } = this.#env
    if (kept === undefined) return chunks.keys(this.#shard, end, clearedChunksMax)
    const older = chunks.keys(this.#shard, chunkKey(this.#shard, kept.generation, 0), clearedChunksMax)
    return [...older, ...chunks.keys(chunkKey(this.#shard, kept.generation + 1, 0), end, clearedChunksMax)]
  }

  #commit(write: () => void): Promise<void> {
    return this.#owned(this.#env.write(this.#term, write))
  }

  async #owned(written: Promise<boolean>): Promise<void> {
    if (!(await written)) throw lostFolder()
  }

  #ended(): void {
    this.#underWay = undefined
  }
}

/** For writes that have no word for being fenced. */
export function lostFolder(): StoreFault {
  return new StoreFault('STORE_IN_USE', 'another process has taken over the data folder')
}
