import { sharedTableKeys, type SharedTableKeys } from './redis-keys.ts'
import { bytesReply, listReply, numberReply, optionalBytesReply, textReply } from './redis-replies.ts'
import { redisScript, type RedisSender, runScript } from './redis-scripts.ts'
import type { RowChange, SharedTable, TableChanges, TableLimits } from './shared-table.ts'

/**
 * KEYS: rows (hash), changed (sorted by revision), gone (removed keys, sorted alike), state (hash: last, forgotten).
 * Revisions are Redis's own microseconds, or one more than the last: one that was lost in a failover is not given out again.
 */
const writeScript = redisScript(`
local fresh = 0
for i = 3, #ARGV, 2 do
  local had = redis.call('HEXISTS', KEYS[1], ARGV[i])
  if ARGV[i + 1] == '' then fresh = fresh - had else fresh = fresh + 1 - had end
end
if fresh > 0 and redis.call('HLEN', KEYS[1]) + fresh > tonumber(ARGV[1]) then return 0 end
local time = redis.call('TIME')
local last = math.max(tonumber(redis.call('HGET', KEYS[4], 'last') or '0'), time[1] * 1000000 + time[2])
for i = 3, #ARGV, 2 do
  last = last + 1
  local revision = string.format('%.0f', last)
  if ARGV[i + 1] ~= '' then
    redis.call('HSET', KEYS[1], ARGV[i], ARGV[i + 1])
    redis.call('ZREM', KEYS[3], ARGV[i])
    redis.call('ZADD', KEYS[2], revision, ARGV[i])
  elseif redis.call('HDEL', KEYS[1], ARGV[i]) == 1 then
    redis.call('ZADD', KEYS[2], revision, ARGV[i])
    redis.call('ZADD', KEYS[3], revision, ARGV[i])
  end
end
redis.call('HSET', KEYS[4], 'last', string.format('%.0f', last))
while redis.call('ZCARD', KEYS[3]) > tonumber(ARGV[2]) do
  local oldest = redis.call('ZPOPMIN', KEYS[3])
  redis.call('ZREM', KEYS[2], oldest[1])
  redis.call('HSET', KEYS[4], 'forgotten', oldest[2])
end
return 1
`)

const changesScript = redisScript(`
local after = tonumber(ARGV[1])
if ARGV[3] == 'seen' then
  if after > tonumber(redis.call('HGET', KEYS[4], 'last') or '0') then return false end
  if after < tonumber(redis.call('HGET', KEYS[4], 'forgotten') or '0') then return false end
end
local found
if ARGV[3] == 'back' then
  found = redis.call('ZREVRANGEBYSCORE', KEYS[2], '(' .. ARGV[1], '-inf', 'WITHSCORES', 'LIMIT', 0, ARGV[2])
else
  found = redis.call('ZRANGEBYSCORE', KEYS[2], '(' .. ARGV[1], '+inf', 'WITHSCORES', 'LIMIT', 0, ARGV[2])
end
local rows = {}
for i = 1, #found, 2 do
  rows[#rows + 1] = found[i]
  rows[#rows + 1] = string.format('%.0f', tonumber(found[i + 1]))
  rows[#rows + 1] = redis.call('HGET', KEYS[1], found[i]) or ''
end
return rows
`)

/** A hash of the rows, with sorted sets of what changed when. */
export class RedisTable implements SharedTable {
  readonly #sender: RedisSender
  readonly #keys: SharedTableKeys
  readonly #limits: TableLimits

  constructor(sender: RedisSender, name: string, limits: TableLimits) {
    this.#sender = sender
    this.#keys = sharedTableKeys(name)
    this.#limits = limits
  }

  async get(key: string): Promise<Uint8Array | undefined> {
    return optionalBytesReply(await this.#sender.send(['HGET', this.#keys.rows, key]))
  }

  async write(changes: readonly RowChange[]): Promise<'stored' | 'full'> {
    const args = changes.flatMap(({ key, bytes }) => [key, bytes ?? ''])
    const { rowsMax, removalsMax } = this.#limits
    return numberReply(await runScript(this.#sender, writeScript, this.#all(), [rowsMax, removalsMax, ...args])) === 1 ? 'stored' : 'full'
  }

  async walk(revision: number, most: number): Promise<TableChanges> {
    return this.#walked(await this.#rowsAfter(revision, most, 'from'))
  }

  async walkBack(revision: number, most: number): Promise<TableChanges> {
    return this.#walked(await this.#rowsAfter(Number.isFinite(revision) ? revision : 'inf', most, 'back'))
  }

  changesAfter(revision: number, most: number): Promise<TableChanges | 'again'> {
    return this.#rowsAfter(revision, most, 'seen')
  }

  #walked(changes: TableChanges | 'again'): TableChanges {
    return changes === 'again' ? { rows: [], isEnd: true } : changes
  }

  async #rowsAfter(revision: number | 'inf', most: number, how: 'from' | 'back' | 'seen'): Promise<TableChanges | 'again'> {
    const reply = await runScript(this.#sender, changesScript, this.#all(), [revision, most, how])
    if (reply === null) return 'again'
    const list = listReply(reply)
    const rows = Array.from({ length: list.length / 3 }, (_, row) => {
      const bytes = bytesReply(list[row * 3 + 2])
      return { key: textReply(list[row * 3]), revision: numberReply(list[row * 3 + 1]), bytes: bytes.length === 0 ? undefined : bytes }
    })
    return { rows, isEnd: rows.length < most }
  }

  async last(): Promise<number> {
    const reply = await this.#sender.send(['HGET', this.#keys.state, 'last'])
    return reply === null ? 0 : numberReply(reply)
  }

  async size(): Promise<number> {
    return numberReply(await this.#sender.send(['HLEN', this.#keys.rows]))
  }

  #all(): readonly string[] {
    const { rows, changed, gone, state } = this.#keys
    return [rows, changed, gone, state]
  }
}
