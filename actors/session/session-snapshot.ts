import type { Snapshot } from '../../cluster/store.ts'
import type { SessionActor } from './session-actor.ts'

/** Records that are read at a time for a snapshot, so that it takes no more memory than that. */
const sliceUsers = 256

/**
 * Takes a snapshot of a session shard while it goes on working. Its users are records of their own, so all there is to do is to bring those up to
 * date: users whom only the journal knows are read in, a slice at a time, and everyone with changes is written.
 */
export async function snapshotSessions(shard: { load(key: string): Promise<void> }, actor: SessionActor): Promise<Snapshot> {
  for (;;) {
    await Promise.all(actor.staleRecords(sliceUsers).map((key) => shard.load(key)))
    const snapshot = await actor.flush()
    if (snapshot !== undefined) return snapshot
  }
}
