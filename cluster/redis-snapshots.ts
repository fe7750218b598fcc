import type { RedisJournalReader, RedisManifest } from './redis-journal-reader.ts'
import { idOf, positionOf, type ShardKeys, shardKeys } from './redis-keys.ts'
import { optionalTextReply, textReply } from './redis-replies.ts'
import { redisScript, type RedisSender, runScript } from './redis-scripts.ts'
import { encodeSegment } from './redis-segment-codec.ts'
import {
  chunkBytesMax,
  comparePositions,
  type JournalRecord,
  journalStart,
  type RewriteRecord,
  type ShardName,
  type Snapshot,
  StoreFault,
} from './store.ts'
import { delay, type World } from './world.ts'

/**
 * Writes snapshots. First the chunks, and what the snapshot will trim as segments of the archive, one by one with pauses in which appends go first, all
 * under names of their own and with an end to their life: what a writer leaves behind that did not come to its end goes by itself. Then one script makes
 * them last, makes them the snapshot and its trimmed records the archive, and drops the snapshot before. From there on the journal is trimmed for
 * everybody; what it still holds of that is cleared away in slices, for freeing it all at once would stop Redis for 15 ms each 70 MB.
 */
const pauseMs = 4
const segmentBytes = 256 * 1024
const unfinishedMs = 3_600_000
const trimmedAtOnce = 4096
const attemptsMax = 5

/** `stored`, `older`, or why not: `changed` since it was begun, `missing` its record, `expired` a part of it. */
const keepScript = redisScript(`
local kept = redis.call('HMGET', KEYS[1], 'snapshot', 'name', 'chunks')
if (kept[1] or '0-0') ~= ARGV[1] then return 'changed' end
if #redis.call('XRANGE', KEYS[2], ARGV[2], ARGV[2]) == 0 then return 'missing' end
local chunk = ARGV[4] .. ARGV[5] .. ':'
local segment = ARGV[7] .. ARGV[5] .. ':'
for i = 0, ARGV[6] - 1 do if redis.call('EXISTS', chunk .. i) == 0 then return 'expired' end end
for i = 0, ARGV[8] - 1 do if redis.call('EXISTS', segment .. i) == 0 then return 'expired' end end
for i = 0, ARGV[6] - 1 do redis.call('PERSIST', chunk .. i) end
for i = 0, ARGV[8] - 1 do
  redis.call('PEXPIRE', segment .. i, ARGV[9])
  redis.call('RPUSH', KEYS[3], ARGV[5] .. ':' .. i)
end
redis.call('HSET', KEYS[1], 'snapshot', ARGV[2], 'now', ARGV[3], 'name', ARGV[5], 'chunks', ARGV[6])
for i = 0, (kept[3] or 0) - 1 do redis.call('UNLINK', ARGV[4] .. kept[2] .. ':' .. i) end
for i = 1, 1000 do
  local oldest = redis.call('LINDEX', KEYS[3], 0)
  if not oldest or redis.call('EXISTS', ARGV[7] .. oldest) == 1 then break end
  redis.call('LPOP', KEYS[3])
end
return 'stored'
`)

/** `replaced`, `gone` because its time is over, or `changed` since it was read: a process that was thought dead must not bring back what was taken out. */
const replaceScript = redisScript(`
local kept = redis.call('GET', KEYS[1])
if not kept then return 'gone' end
if redis.sha1hex(kept) ~= ARGV[1] then return 'changed' end
redis.call('SET', KEYS[1], ARGV[2], 'KEEPTTL')
return 'replaced'
`)

export const snapshotScripts = [keepScript, replaceScript] as const

export class RedisSnapshots {
  readonly #sender: RedisSender
  readonly #reader: RedisJournalReader
  readonly #world: World
  readonly #archiveMs: number
  readonly #underWay = new Map<ShardName, Promise<unknown>>()

  constructor(sender: RedisSender, reader: RedisJournalReader, world: World, archiveMs: number) {
    this.#sender = sender
    this.#reader = reader
    this.#world = world
    this.#archiveMs = archiveMs
  }

  /** A segment at a time; between two of one shard no snapshot is written. */
  rewriteArchive(shard: ShardName, rewrite: RewriteRecord): Promise<number> {
    return this.#inTurn(shard, async () => {
      let rewritten = 0
      for await (const { key, sha, records } of this.#reader.segments(shard)) {
        let changes = 0
        const others = records.map((record) => {
          const bytes = record.position.seq === 0 ? undefined : rewrite(record.position, record.bytes)
          if (bytes === undefined) return record
          changes++
          return { position: record.position, bytes: new Uint8Array(bytes) }
        })
        if (changes > 0) await this.#replaceSegment(key, sha, others)
        rewritten += changes
        await this.#pause()
      }
      return rewritten
    })
  }

  async #replaceSegment(key: string, sha: string, records: readonly JournalRecord[]): Promise<void> {
    const outcome = textReply(await runScript(this.#sender, replaceScript, [key], [sha, await encodeSegment(records)]))
    if (outcome === 'changed') throw new StoreFault('STORE_FAILED', `somebody else rewrote ${key}`)
  }

  #inTurn<T>(shard: ShardName, work: () => Promise<T>): Promise<T> {
    const before = this.#underWay.get(shard) ?? Promise.resolve()
    const outcome = before.then(work)
    const ended = outcome.then(
      () => {},
      () => {},
    )
    this.#underWay.set(shard, ended)
    return outcome
  }

  /** One of a shard at a time. */
  async write(shard: ShardName, snapshot: Snapshot): Promise<'stored' | 'older'> {
    for (const chunk of snapshot.chunks) {
      if (chunk.length > chunkBytesMax) throw new Error(`a snapshot chunk has ${chunk.length} bytes, at most ${chunkBytesMax} may be`)
    }
    return this.#inTurn(shard, () => this.#write(shard, snapshot))
  }

  async #write(shard: ShardName, snapshot: Snapshot): Promise<'stored' | 'older'> {
    const keys = shardKeys(shard)
    for (let attempt = 0; attempt < attemptsMax; attempt++) {
      const kept = await this.#reader.manifest(shard)
      if (comparePositions(snapshot.position, kept?.position ?? journalStart) <= 0) return 'older'
      await this.#checkHead(keys, snapshot)
      const name = this.#world.random.id(12)
      await this.#writeChunks(keys, name, snapshot.chunks)
      const segments = this.#archiveMs === 0 ? 0 : await this.#archive(shard, name, kept, snapshot)
      const outcome = await this.#keep(keys, name, kept, snapshot, segments)
      if (outcome === 'stored') {
        await this.#clearTrimmed(keys, snapshot)
        return outcome
      }
      if (outcome !== 'changed') throw new StoreFault('STORE_FAILED', `a snapshot of ${shard} could not be kept: ${whyNot(outcome)}`)
    }
    throw new StoreFault('STORE_FAILED', `others wrote snapshots of ${shard} at the same time`)
  }

  /** Trimming up to a position that does not exist would hide the records that come to stand before it. */
  async #checkHead(keys: ShardKeys, { position }: Snapshot): Promise<void> {
    const head = optionalTextReply(await this.#sender.send(['HGET', keys.state, 'head']))
    if (comparePositions(position, head === undefined ? journalStart : positionOf(head)) > 0)
      throw new Error('a snapshot is ahead of its journal')
  }

  async #writeChunks({ snapshotPrefix }: ShardKeys, name: string, chunks: readonly Uint8Array[]): Promise<void> {
    for (const [index, chunk] of chunks.entries()) {
      if (index > 0) await this.#pause()
      await this.#sender.send(['SET', `${snapshotPrefix}${name}:${index}`, chunk, 'PX', unfinishedMs])
    }
  }

  /** Copies what stands from the last snapshot's record up to this one's, which stays; resolves with the number of segments. */
  async #archive(shard: ShardName, name: string, kept: RedisManifest | undefined, { position }: Snapshot): Promise<number> {
    const { archivePrefix } = shardKeys(shard)
    let segments = 0
    let records: JournalRecord[] = []
    let bytes = 0
    const flush = async (): Promise<void> => {
      if (records.length === 0) return
      const segment = await encodeSegment(records)
      await this.#sender.send(['SET', `${archivePrefix}${name}:${segments}`, segment, 'PX', unfinishedMs])
      segments++
      records = []
      bytes = 0
      await this.#pause()
    }
    const from = kept === undefined ? '-' : idOf(kept.position)
    for await (const entry of this.#reader.entries(shard, from, `(${idOf(position)}`)) {
      records.push({ position: entry.position, bytes: entry.isOpening ? new Uint8Array() : entry.bytes })
      bytes += entry.bytes.length
      if (bytes >= segmentBytes) await flush()
    }
    await flush()
    return segments
  }

  async #keep(keys: ShardKeys, name: string, kept: RedisManifest | undefined, snapshot: Snapshot, segments: number): Promise<string> {
    const { position, now, chunks } = snapshot
    return textReply(
      await runScript(
        this.#sender,
        keepScript,
        [keys.state, keys.log, keys.archive],
        [
          idOf(kept?.position ?? journalStart),
          idOf(position),
          now,
          keys.snapshotPrefix,
          name,
          chunks.length,
          keys.archivePrefix,
          segments,
          this.#archiveMs,
        ],
      ),
    )
  }

  async #clearTrimmed({ log }: ShardKeys, { position }: Snapshot): Promise<void> {
    for (;;) {
      const removed = await this.#sender.send(['XTRIM', log, 'MINID', '~', idOf(position), 'LIMIT', trimmedAtOnce])
      if (removed === 0) break
      await this.#pause()
    }
    // What is left shares a node of the stream with what stays.
    await this.#sender.send(['XTRIM', log, 'MINID', idOf(position)])
  }

  #pause(): Promise<void> {
    return delay(this.#world.timers, pauseMs)
  }
}

function whyNot(outcome: string): string {
  if (outcome === 'missing') return 'the journal has no such record any more'
  return outcome === 'expired' ? 'writing it took too long' : outcome
}
