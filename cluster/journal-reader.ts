import { chunkKey, keyAfterPrefix, logKey, logPosition, manifestKey } from './lmdb-keys.ts'
import { decodeManifest, decodePosition, type Manifest } from './lmdb-manifest.ts'
import type { LmdbEnv, TableEntry } from './lmdb.ts'
import {
  type ArchiveRecord,
  comparePositions,
  type JournalRecord,
  journalStart,
  type Position,
  type Snapshot,
  StoreFault,
} from './store.ts'

/**
 * Reads shards out of LMDB, in slices, each from a consistent state of its own, with a pause between them: a long journal neither stops
 * the process nor holds back LMDB's reuse of freed pages. Used by the owner, by its follower threads and by tools beside it.
 */
const sliceRecordsMax = 512
const sliceBytesMax = 1024 * 1024
/** A snapshot may be replaced while it is read; not often, for each is a long write. */
const snapshotReadsMax = 10
const noBytes = Buffer.alloc(0)

export class JournalReader {
  readonly #env: LmdbEnv
  readonly #pause: () => Promise<void>

  constructor(env: LmdbEnv, pause: () => Promise<void>) {
    this.#env = env
    this.#pause = pause
  }

  manifest(shard: Uint8Array): Manifest | undefined {
    const bytes = this.#env.shards.get(manifestKey(shard))
    return bytes === undefined ? undefined : decodeManifest(bytes)
  }

  /** The newest position that was ever written, {@link journalStart} for a new shard. */
  head(shard: Uint8Array): Position {
    this.#env.fresh()
    const last = this.#env.log.lastKey(shard, keyAfterPrefix(shard))
    if (last !== undefined) return logPosition(last)
    return this.manifest(shard)?.position ?? journalStart
  }

  async *tail(shard: Uint8Array, after: Position): AsyncIterable<JournalRecord> {
    let previous = after
    for await (const { position, bytes } of this.#records(shard, after)) {
      checkFollows(previous, position, bytes)
      previous = position
      if (position.seq > 0) yield { position, bytes }
    }
    const trimmedTo = this.manifest(shard)?.position ?? journalStart
    if (comparePositions(trimmedTo, previous) > 0) throw gapBetween(previous, trimmedTo)
  }

  async *archive(shard: Uint8Array): AsyncIterable<ArchiveRecord> {
    this.#env.fresh()
    const mark = this.manifest(shard)?.position ?? journalStart
    for await (const { position, bytes } of this.#records(shard, journalStart)) {
      yield { position, bytes: position.seq === 0 ? noBytes : bytes, trimmed: comparePositions(position, mark) <= 0 }
    }
  }

  async snapshot(shard: Uint8Array): Promise<Snapshot | undefined> {
    for (let attempt = 0; attempt < snapshotReadsMax; attempt++) {
      this.#env.fresh()
      const manifest = this.manifest(shard)
      if (manifest === undefined) return undefined
      const chunks = await this.#chunks(shard, manifest)
      if (chunks.length === manifest.chunkCount) return { position: manifest.position, now: manifest.now, chunks }
    }
    throw new StoreFault('STORE_FAILED', 'a snapshot in the data folder is not complete')
  }

  async *#records(shard: Uint8Array, after: Position): AsyncIterable<LogRecord> {
    const end = keyAfterPrefix(shard)
    for (let last = after; ;) {
      this.#env.fresh()
      const slice = this.#env.log.entries(logKey(shard, { epoch: last.epoch, seq: last.seq + 1 }), end, sliceRecordsMax, sliceBytesMax)
      for (const entry of slice) yield recordOf(entry)
      const newest = slice.at(-1)
      if (newest === undefined) return
      last = logPosition(newest.key)
      await this.#pause()
    }
  }

  /** Stops short when a chunk is gone. */
  async #chunks(shard: Uint8Array, manifest: Manifest): Promise<Buffer[]> {
    const chunks: Buffer[] = []
    for (let index = 0, bytes = 0; index < manifest.chunkCount; index++) {
      const chunk = this.#env.chunks.get(chunkKey(shard, manifest.generation, index))
      if (chunk === undefined) break
      chunks.push(chunk)
      bytes += chunk.length
      if (bytes >= sliceBytesMax) {
        bytes = 0
        await this.#pause()
        this.#env.fresh()
      }
    }
    return chunks
  }
}

/** An opening's bytes are the position of the record before it. */
interface LogRecord {
  readonly position: Position
  readonly bytes: Buffer
}

function recordOf(entry: TableEntry): LogRecord {
  return { position: logPosition(entry.key), bytes: entry.bytes }
}

/** A record comes right after its predecessor; an epoch begins with its opening, which names the record before it. */
function checkFollows(previous: Position, next: Position, bytes: Buffer): void {
  const follows =
    next.seq === 0
      ? next.epoch > previous.epoch && bytes.length > 0 && comparePositions(decodePosition(bytes), previous) === 0
      : next.epoch === previous.epoch && next.seq === previous.seq + 1
  if (!follows) throw gapBetween(previous, next)
}

function gapBetween(previous: Position, next: Position): StoreFault {
  return new StoreFault('STORE_GAP', `the journal lacks what comes between ${textOf(previous)} and ${textOf(next)}`)
}

function textOf(position: Position): string {
  return `${position.epoch}-${position.seq}`
}
