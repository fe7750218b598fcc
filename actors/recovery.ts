import { comparePositions, journalStart, type Position, type ShardName, type Snapshot, type Store } from '../cluster/store.ts'
import type { Actor } from './actor.ts'
import { eachEvent, JournalFault, readRecordHead } from './record.ts'

export interface Recovered {
  /** The shard's time at its last record; 0 for a shard without any. */
  readonly lastNow: number
  readonly position: Position
  /** Bytes of the records after the snapshot. */
  readonly tailBytes: number
}

/**
 * Brings an empty actor to the state of the journal's end: snapshot first, then every record after it through the same `evolve` that the owner
 * used, each checked against the digest that the owner wrote (G12). The opening fences older owners before anything is read.
 */
export async function recover(store: Store, shard: ShardName, epoch: number, actor: Actor): Promise<Recovered> {
  const opened = await store.open(shard, epoch)
  if (opened === 'fenced') throw new Error(`${shard} was taken by another owner while it opened`)
  return replay(actor, opened.snapshot, opened.tail)
}

/** Applies a snapshot and the records after it. Throws {@link JournalFault} if a record is missing or replay comes to another state than its owner. */
export async function replay(
  actor: Actor,
  snapshot: Snapshot | undefined,
  tail: AsyncIterable<{ readonly position: Position; readonly bytes: Uint8Array }>,
): Promise<Recovered> {
  let lastNow = 0
  let tailBytes = 0
  let position = journalStart
  if (snapshot !== undefined) {
    actor.restore(snapshot.chunks)
    position = snapshot.position
    lastNow = snapshot.now
  }
  for await (const record of tail) {
    checkChain(position, record.position)
    const { bytes } = record
    const head = readRecordHead(bytes)
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
    eachEvent(bytes, view, (at) => actor.evolve(bytes, view, at, head.now))
    if (actor.digest() !== head.digest)
      throw new JournalFault(`replaying record ${record.position.epoch}-${record.position.seq} gave another state than its owner had`)
    position = record.position
    lastNow = head.now
    tailBytes += bytes.length
  }
  return { lastNow, position, tailBytes }
}

/** Within an epoch each record follows the one before; a new epoch begins with record 1. */
function checkChain(before: Position, next: Position): void {
  const follows = next.epoch === before.epoch ? next.seq === before.seq + 1 : comparePositions(next, before) > 0 && next.seq === 1
  if (!follows) throw new JournalFault(`record ${next.epoch}-${next.seq} does not follow ${before.epoch}-${before.seq}`)
}
