import { createHash } from 'node:crypto'
import { idOf, positionOf, shardKeys } from './redis-keys.ts'
import { bytesReply, listReply, numberReply, optionalBytesReply, optionalTextReply, textReply } from './redis-replies.ts'
import type { RedisSender } from './redis-scripts.ts'
import { decodeSegment } from './redis-segment-codec.ts'
import {
  type ArchiveRecord,
  comparePositions,
  type JournalRecord,
  journalStart,
  type Position,
  type ShardName,
  type Snapshot,
  StoreFault,
} from './store.ts'

/**
 * Reads shards out of Redis in slices: used by owners, by followers and by tools. Slices do not come from one moment: what changes between two of them
 * shows as a gap, or is read again.
 */
const sliceBytes = 256 * 1024
const sliceRecordsMin = 8
const sliceRecordsMax = 512
const chunksAtOnce = 4
/** A snapshot may be replaced while it is read; not often, for each is a long write. */
const readsMax = 10
const noBytes = Buffer.alloc(0)

/** What is known of a shard's newest snapshot. Up to its position the journal is trimmed. */
export interface RedisManifest {
  readonly position: Position
  /** The shard's time at that position. */
  readonly now: number
  /** Tells this snapshot's chunks from those of any other. */
  readonly name: string
  readonly chunkCount: number
}

export interface ArchivedSegment {
  readonly key: string
  /** SHA-1 of what is kept, in hex. */
  readonly sha: string
  readonly records: readonly JournalRecord[]
}

/** One entry of a stream. An opening's bytes are the id of the record before it. */
export interface LogEntry {
  readonly position: Position
  readonly bytes: Buffer
  readonly isOpening: boolean
}

export class RedisJournalReader {
  readonly #sender: RedisSender

  constructor(sender: RedisSender) {
    this.#sender = sender
  }

  async manifest(shard: ShardName): Promise<RedisManifest | undefined> {
    const reply = await this.#sender.send(['HMGET', shardKeys(shard).state, 'snapshot', 'now', 'name', 'chunks'])
    const [id, now, name, chunks] = listReply(reply)
    const position = optionalTextReply(id)
    if (position === undefined) return undefined
    return { position: positionOf(position), now: numberReply(now), name: textReply(name), chunkCount: numberReply(chunks) }
  }

  async *tail(shard: ShardName, after: Position): AsyncIterable<JournalRecord> {
    let previous = after
    for await (const entry of this.entries(shard, `(${idOf(after)}`)) {
      checkFollows(previous, entry)
      previous = entry.position
      if (!entry.isOpening) yield { position: entry.position, bytes: entry.bytes }
    }
    const trimmedTo = (await this.manifest(shard))?.position ?? journalStart
    if (comparePositions(trimmedTo, previous) > 0) throw gapBetween(previous, trimmedTo)
  }

  async snapshot(shard: ShardName): Promise<Snapshot | undefined> {
    for (let reads = 0; reads < readsMax; reads++) {
      const manifest = await this.manifest(shard)
      if (manifest === undefined) return undefined
      const chunks = await this.#chunks(shard, manifest)
      if (chunks !== undefined) return { position: manifest.position, now: manifest.now, chunks }
    }
    throw new StoreFault('STORE_FAILED', `the snapshot of ${shard} in Redis is not complete`)
  }

  async *archive(shard: ShardName): AsyncIterable<ArchiveRecord> {
    const mark = (await this.manifest(shard))?.position ?? journalStart
    const read = new Set<string>()
    let last = journalStart
    const told = (record: JournalRecord): ArchiveRecord => {
      last = record.position
      return { position: last, bytes: record.bytes, trimmed: comparePositions(last, mark) <= 0 }
    }
    for (let isWhole = false; !isWhole;) {
      for await (const record of this.#archived(shard, read)) if (comparePositions(record.position, last) > 0) yield told(record)
      isWhole = true
      for await (const entry of this.entries(shard, `(${idOf(last)}`)) {
        // Trimmed in the meantime, so it is in the archive by now, unless archives are not kept.
        if (comparePositions(last, journalStart) > 0 && !follows(last, entry) && (await this.#hasMore(shard, read))) {
          isWhole = false
          break
        }
        yield told({ position: entry.position, bytes: entry.isOpening ? noBytes : entry.bytes })
      }
    }
  }

  /** What the stream still has from `start`, an id or an id behind a `(`, up to `end`, oldest first. */
  async *entries(shard: ShardName, start: string, end = '+'): AsyncIterable<LogEntry> {
    const { log } = shardKeys(shard)
    let count = sliceRecordsMin
    for (let from = start; ;) {
      const slice = listReply(await this.#sender.send(['XRANGE', log, from, end, 'COUNT', count])).map(entryIn)
      yield* slice
      const newest = slice.at(-1)
      if (newest === undefined || slice.length < count) return
      from = `(${idOf(newest.position)}`
      const bytes = slice.reduce((total, entry) => total + entry.bytes.length, 0)
      count = nextCount(count, bytes)
    }
  }

  /** What is in the archive besides the segments already read, which are added to `read`. */
  async *#archived(shard: ShardName, read: Set<string>): AsyncIterable<JournalRecord> {
    const { archivePrefix } = shardKeys(shard)
    for (const name of await this.#segments(shard)) {
      if (read.has(name)) continue
      read.add(name)
      const bytes = optionalBytesReply(await this.#sender.send(['GET', `${archivePrefix}${name}`]))
      // Nothing, once its time is over.
      if (bytes !== undefined) yield* await decodeSegment(bytes)
    }
  }

  /** The archive's segments as they are kept, oldest first. */
  async *segments(shard: ShardName): AsyncIterable<ArchivedSegment> {
    const { archivePrefix } = shardKeys(shard)
    for (const name of await this.#segments(shard)) {
      const key = `${archivePrefix}${name}`
      const bytes = optionalBytesReply(await this.#sender.send(['GET', key]))
      if (bytes === undefined) continue
      yield { key, sha: createHash('sha1').update(bytes).digest('hex'), records: await decodeSegment(bytes) }
    }
  }

  async #hasMore(shard: ShardName, read: ReadonlySet<string>): Promise<boolean> {
    return (await this.#segments(shard)).some((name) => !read.has(name))
  }

  async #segments(shard: ShardName): Promise<readonly string[]> {
    return listReply(await this.#sender.send(['LRANGE', shardKeys(shard).archive, 0, -1])).map(textReply)
  }

  /** Undefined when a chunk is gone. */
  async #chunks(shard: ShardName, { name, chunkCount }: RedisManifest): Promise<readonly Buffer[] | undefined> {
    const { snapshotPrefix } = shardKeys(shard)
    const keys = Array.from({ length: chunkCount }, (_, index) => `${snapshotPrefix}${name}:${index}`)
    const chunks: Buffer[] = []
    for (let at = 0; at < keys.length; at += chunksAtOnce) {
      for (const reply of listReply(await this.#sender.send(['MGET', ...keys.slice(at, at + chunksAtOnce)]))) {
        const chunk = optionalBytesReply(reply)
        if (chunk === undefined) return undefined
        chunks.push(chunk)
      }
    }
    return chunks
  }
}

function entryIn(reply: unknown): LogEntry {
  const [id, fields] = listReply(reply)
  const [field, bytes] = listReply(fields)
  return { position: positionOf(textReply(id)), bytes: bytesReply(bytes), isOpening: textReply(field) === 'o' }
}

/** As many records as are likely to make a slice, by the size of those before. */
function nextCount(count: number, bytes: number): number {
  const fitting = bytes === 0 ? sliceRecordsMax : Math.floor((sliceBytes * count) / bytes)
  return Math.min(Math.max(sliceRecordsMin, fitting), count * 4, sliceRecordsMax)
}

/** A record comes right after its predecessor; an epoch begins with its opening, which names the record before it. */
function follows(previous: Position, { position, bytes, isOpening }: LogEntry): boolean {
  if (!isOpening) return position.epoch === previous.epoch && position.seq === previous.seq + 1
  return comparePositions(positionOf(bytes.toString()), previous) === 0
}

function checkFollows(previous: Position, entry: LogEntry): void {
  if (!follows(previous, entry)) throw gapBetween(previous, entry.position)
}

function gapBetween(previous: Position, next: Position): StoreFault {
  return new StoreFault('STORE_GAP', `the journal lacks what comes between ${idOf(previous)} and ${idOf(next)}`)
}
