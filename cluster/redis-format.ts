import { unusableFault } from './redis-faults.ts'
import { formatKey } from './redis-keys.ts'
import { listReply, optionalTextReply } from './redis-replies.ts'
import { redisScript, runScript } from './redis-scripts.ts'
import type { RedisConnection } from './redis.ts'
import type { ShardCounts } from './store.ts'

/** How data lies in a Redis and into how many shards it is parted, both fixed by the first node that comes. */
const formatVersion = 1

const keepFormat = redisScript(`
if redis.call('EXISTS', KEYS[1]) == 0 then redis.call('HSET', KEYS[1], 'version', ARGV[1], 'inv', ARGV[2], 'ses', ARGV[3]) end
return redis.call('HMGET', KEYS[1], 'version', 'inv', 'ses')
`)

/** Rejects if the data in this Redis is parted in another way than `shards`. */
export async function checkFormat(connection: RedisConnection, shards: ShardCounts): Promise<void> {
  const kept = await runScript(connection, keepFormat, [formatKey], [formatVersion, shards.inv, shards.ses])
  const found = countsIn(kept, connection.where)
  if (found === undefined) throw new Error('a format that was written is not there')
  if (found.inv === shards.inv && found.ses === shards.ses) return
  const [there, here] = [found, shards].map(({ inv, ses }) => `${inv} inventory and ${ses} session shards`)
  throw unusableFault(connection.where, `its data is parted into ${there}, this node is set to ${here}`)
}

/** Undefined where nobody has kept anything yet. */
export async function readFormat(connection: RedisConnection): Promise<ShardCounts | undefined> {
  return countsIn(await connection.send(['HMGET', formatKey, 'version', 'inv', 'ses']), connection.where)
}

function countsIn(reply: unknown, where: string): ShardCounts | undefined {
  const [version, inv, ses] = listReply(reply).map(optionalTextReply)
  if (version === undefined) return undefined
  if (version !== String(formatVersion))
    throw unusableFault(where, `its data has format ${version}, this program knows format ${formatVersion}`)
  return { inv: Number(inv), ses: Number(ses) }
}
