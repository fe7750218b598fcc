import { idOf, positionOf, shardKeys } from './redis-keys.ts'
import { listReply, optionalTextReply } from './redis-replies.ts'
import { redisScript, type RedisSender, runScript } from './redis-scripts.ts'
import { comparePositions, journalStart, type Position, type ShardName } from './store.ts'
import type { Log } from './world.ts'

/**
 * Chains of records. The end of each chain stands beside its stream, and both change in one script, which first looks at the epoch and the
 * predecessor: an older owner, an end that a failover has lost and a record sent twice are all caught there. (Redis's own check of stream ids refuses
 * what is older, but lets gaps through; and to ask a stream for its last id copies its last record.)
 *
 * A repeated record is compared with the one that stands in its place. That one is there as long as it is the newest, for a trim leaves the record
 * at the snapshot's position where it is.
 */
const openScript = redisScript(`
local kept = redis.call('HMGET', KEYS[1], 'epoch', 'head')
local head = kept[2] or '0-0'
if kept[1] ~= ARGV[1] then return {0, kept[1], head} end
local id = ARGV[1] .. '-0'
if head == id then return {1, kept[1], head} end
if tonumber(string.match(head, '^%d+')) >= tonumber(ARGV[1]) then return {0, kept[1], head} end
redis.call('XADD', KEYS[2], id, 'o', head)
redis.call('HSET', KEYS[1], 'head', id, 'open', ARGV[1], 'records', '0')
return {1, kept[1], head}
`)

const appendScript = redisScript(`
local kept = redis.call('HMGET', KEYS[1], 'epoch', 'head')
if kept[1] == ARGV[1] then
  if kept[2] == ARGV[2] then
    redis.call('XADD', KEYS[2], ARGV[3], 'r', ARGV[4])
    redis.call('HSET', KEYS[1], 'head', ARGV[3])
    return 1
  end
  local there = redis.call('XRANGE', KEYS[2], ARGV[3], ARGV[3])[1]
  if there and there[2][1] == 'r' and there[2][2] == ARGV[4] then return 1 end
end
return {0, kept[1], kept[2]}
`)

export const journalScripts = [openScript, appendScript] as const

export class RedisJournal {
  /** How often a shard's journal ended before what Redis had said to have. */
  losses = 0
  readonly #sender: RedisSender
  readonly #log: Log
  /** The newest position of each shard that Redis has ever said to have, to notice when it has not any more. */
  readonly #known = new Map<ShardName, Position>()

  constructor(sender: RedisSender, log: Log) {
    this.#sender = sender
    this.#log = log
  }

  async open(shard: ShardName, epoch: number): Promise<'stored' | 'fenced'> {
    const keys = shardKeys(shard)
    const [stored, ...kept] = listReply(await runScript(this.#sender, openScript, [keys.state, keys.log], [epoch]))
    this.#see(shard, kept)
    if (stored !== 1) return 'fenced'
    this.#knows(shard, { epoch, seq: 0 })
    return 'stored'
  }

  async append(shard: ShardName, position: Position, record: Uint8Array): Promise<'stored' | 'fenced'> {
    if (!(position.seq >= 1)) return 'fenced'
    const keys = shardKeys(shard)
    const predecessor = idOf({ epoch: position.epoch, seq: position.seq - 1 })
    const args = [position.epoch, predecessor, idOf(position), record]
    const reply = await runScript(this.#sender, appendScript, [keys.state, keys.log], args)
    if (reply === 1) {
      this.#knows(shard, position)
      return 'stored'
    }
    this.#see(shard, listReply(reply).slice(1))
    return 'fenced'
  }

  async confirm(shard: ShardName, last: Position): Promise<'stands' | 'fenced'> {
    const kept = listReply(await this.#sender.send(['HMGET', shardKeys(shard).state, 'epoch', 'head']))
    this.#see(shard, kept)
    const [epoch, head] = kept.map(optionalTextReply)
    return epoch === String(last.epoch) && head === idOf(last) ? 'stands' : 'fenced'
  }

  #knows(shard: ShardName, position: Position): void {
    const known = this.#known.get(shard)
    if (known === undefined || comparePositions(position, known) > 0) this.#known.set(shard, position)
  }

  /** Says so, once for each loss, if the journal ends before what Redis had said to have. */
  #see(shard: ShardName, [epoch, head]: readonly unknown[]): void {
    const known = this.#known.get(shard)
    const end = positionOf(optionalTextReply(head ?? null) ?? idOf(journalStart))
    if (known === undefined || comparePositions(end, known) >= 0) return
    this.losses++
    this.#log.error(
      { shard, had: idOf(known), has: idOf(end), epoch: optionalTextReply(epoch ?? null) },
      'Redis has lost records that it had acknowledged: the shard goes on from what is there',
    )
    this.#known.set(shard, end)
  }
}
