import { hashText, mix32 } from '../protocol/hash.ts'
import type { Member } from './members.ts'
import type { ShardName } from './store.ts'

/**
 * Which member should own a shard: the one with the highest weight for it, drawn from the two names (rendezvous hashing, Thaler and Ravishankar
 * 1998). Everyone who sees the same members comes to the same answer without asking anybody, and a member that comes or goes moves only its
 * own shards. `draining` members get nothing; undefined if there is no other. Cost: a hash per member.
 */
export function placeShard(shard: ShardName, members: readonly Member[]): string | undefined {
  const shardHash = hashText(shard)
  let best: string | undefined
  let most = -1
  for (const { name, state } of members) {
    if (state !== 'up') continue
    const weight = mix32(shardHash ^ hashText(name))
    // Two names may weigh the same; then the order of the list must not matter.
    if (weight < most || (weight === most && best !== undefined && name > best)) continue
    best = name
    most = weight
  }
  return best
}
