import { partsOfName, type ShardName, shardName } from '../../cluster/store.ts'
import { hashText, shardOfHash } from '../../protocol/hash.ts'

/** Where the journeys of these users are told: in their sessions, and in the shard of the SKU that is asked for, or in all of inventory. */
export function shardsOfJourneys(users: readonly string[], sku: string | undefined, shards: readonly ShardName[]): readonly ShardName[] {
  const sessions = new Set(users.map((user) => shardOfUser(user, shards)))
  const home = sku === undefined ? undefined : shardOfSku(sku, shards)
  return shards.filter((shard) => (shard.startsWith('inv.') ? home === undefined || shard === home : sessions.has(shard)))
}

/** The shard that has the SKU, if there is such a SKU. */
export function shardOfSku(sku: string, shards: readonly ShardName[]): ShardName {
  return shardName('inv', shardOfHash(hashText(sku), shards.filter((shard) => partsOfName(shard).kind === 'inv').length))
}

/** The shard that has the user's session. */
export function shardOfUser(user: string, shards: readonly ShardName[]): ShardName {
  return shardName('ses', shardOfHash(hashText(user), shards.filter((shard) => partsOfName(shard).kind === 'ses').length))
}
