import type { JournalRecord, ShardName, Snapshot, Store } from '../../cluster/store.ts'
import type { Actor } from '../actor.ts'
import { readAhead, type Recovered, replay } from '../recovery.ts'

/** A snapshot that a follower made, and the digest of the state in it, which is what the owner wrote into that position's record. */
export interface Followed extends Snapshot {
  readonly digest: number
}

/** Makes the next snapshot of a shard from what is stored, beside the shard's owner and without its help. */
export interface Follower {
  /** Rejects if the journal is damaged, or replaying it comes to another state than its owner had. */
  follow(shard: ShardName): Promise<Followed>
}

/** Replays the journal's tail on top of the last snapshot, with the same `evolve` and the same checks as a recovery, into the next one. */
export async function follow(actor: Actor, snapshot: Snapshot | undefined, tail: AsyncIterable<JournalRecord>): Promise<Followed> {
  return followed(actor, await replay(actor, snapshot, tail))
}

/** Follows on the spot. For tests and the simulator; a node gives this work to a thread. */
export function inlineFollower(store: Pick<Store, 'readSnapshot' | 'readTail'>, actorOf: (shard: ShardName) => Actor): Follower {
  return { follow: (shard) => followStore(store, shard, actorOf(shard)) }
}

/** Follows a shard in a store that is read only. */
export async function followStore(store: Pick<Store, 'readSnapshot' | 'readTail'>, shard: ShardName, actor: Actor): Promise<Followed> {
  return followed(actor, await readAhead(store, shard, actor))
}

function followed(actor: Actor, { position, lastNow }: Recovered): Followed {
  return { position, now: lastNow, digest: actor.digest(), chunks: actor.save() }
}
