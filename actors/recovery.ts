import {
  comparePositions,
  journalStart,
  type JournalRecord,
  type Opened,
  type Position,
  type ShardName,
  type Snapshot,
  type Store,
  StoreFault,
} from '../cluster/store.ts'
import type { Actor } from './actor.ts'
import { EpochLost } from './epoch-lost.ts'
import { recordHeadBytes, JournalFault, JournalGap, readRecordHead, someEvents } from './record.ts'
import { finishInTurns, type TakeTurns } from './work.ts'

export interface Recovered {
  /** The shard's time at its last record; 0 for a shard without any. */
  readonly lastNow: number
  readonly position: Position
  /** Bytes of the records after the snapshot. */
  readonly tailBytes: number
}

export interface RecoveryParts {
  /** What the actor has been brought to already; it is empty without. */
  readonly ahead?: Recovered | undefined
  /** By which a recovery leaves time for everything else in the process. */
  readonly takeTurns?: TakeTurns
}

/** A journal is read so often at most; every time but the last, something may have been trimmed between its snapshot and its end. */
const readsMax = 5
/** Of a record of thousands; each takes a microsecond or two, or thousands of them where it ends as many claims. */
const eventsPerSlice = 256
/** For whoever has nothing else to do meanwhile. */
const atOnce: TakeTurns = () => undefined

/**
 * Brings an actor to the state of the journal's end: snapshot first, then every record after it through the same `evolve` that the owner
 * used, each checked against the digest that the owner wrote (G12). The opening fences older owners before anything is read. The actor is empty, or has been
 * brought to `ahead` before: then only what came since is read, unless that cannot be had any more. All of it is done in turns with the rest of the process.
 */
export async function recover(
  store: Store,
  shard: ShardName,
  epoch: number,
  actor: Actor,
  { ahead, takeTurns = atOnce }: RecoveryParts = {},
): Promise<Recovered> {
  const open = async (known?: Position): Promise<Opened> => {
    const opened = await store.open(shard, epoch, known)
    if (opened === 'fenced') throw new EpochLost(shard, 'FENCED', 'was taken by another owner while it opened')
    return opened
  }
  if (ahead !== undefined) {
    try {
      return await replayOn(actor, ahead, (await open(ahead.position)).tail, takeTurns)
    } catch (error) {
      if (asGap(error) === undefined) throw error
    }
    actor.clear()
  }
  return replayWhole(actor, open, takeTurns)
}

/** Reads a shard that somebody owns, into an empty actor. */
export async function readAhead(
  store: Pick<Store, 'readSnapshot' | 'readTail'>,
  shard: ShardName,
  actor: Actor,
  takeTurns: TakeTurns = atOnce,
): Promise<Recovered> {
  const read = async (): Promise<Opened> => {
    const snapshot = await store.readSnapshot(shard)
    return { snapshot, tail: store.readTail(shard, snapshot?.position ?? journalStart) }
  }
  return replayWhole(actor, read, takeTurns)
}

/**
 * Replays what `read` gives into an empty actor. A snapshot may come to stand while its predecessor is read, or an older copy may answer: then the
 * records between are gone, and all of it is read again. Throws {@link JournalGap} if they are missing every time.
 */
async function replayWhole(actor: Actor, read: () => Promise<Opened>, takeTurns: TakeTurns): Promise<Recovered> {
  for (let reads = 1; ; reads++) {
    const { snapshot, tail } = await read()
    try {
      return await replay(actor, snapshot, tail, takeTurns)
    } catch (error) {
      const gap = asGap(error)
      if (gap === undefined || reads === readsMax) throw gap ?? error
    }
    actor.clear()
  }
}

function asGap(error: unknown): JournalGap | undefined {
  if (error instanceof StoreFault && error.code === 'STORE_GAP') return new JournalGap(error.message, { cause: error })
  return error instanceof JournalGap ? error : undefined
}

/** Applies a snapshot and the records after it. Throws as {@link replayOn} does. */
export async function replay(
  actor: Actor,
  snapshot: Snapshot | undefined,
  tail: AsyncIterable<JournalRecord>,
  takeTurns: TakeTurns = atOnce,
): Promise<Recovered> {
  if (snapshot === undefined) return replayOn(actor, { lastNow: 0, position: journalStart, tailBytes: 0 }, tail, takeTurns)
  await finishInTurns(actor.restore(snapshot.chunks), takeTurns)
  return replayOn(actor, { lastNow: snapshot.now, position: snapshot.position, tailBytes: 0 }, tail, takeTurns)
}

/** Applies records to an actor that has come to `ahead`. Throws {@link JournalGap} if one is missing, {@link JournalFault} if replay comes to another state than its owner. */
async function replayOn(actor: Actor, ahead: Recovered, tail: AsyncIterable<JournalRecord>, takeTurns: TakeTurns): Promise<Recovered> {
  let { lastNow, tailBytes, position } = ahead
  for await (const record of tail) {
    checkChain(position, record.position)
    const { bytes } = record
    const head = readRecordHead(bytes)
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
    const evolve = (at: number): void => actor.evolve(bytes, view, at, head.now)
    for (let at = recordHeadBytes; at >= 0;) {
      at = someEvents(bytes, view, at, eventsPerSlice, evolve)
      const turn = takeTurns()
      if (turn !== undefined) await turn
    }
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
  if (!follows) throw new JournalGap(`record ${next.epoch}-${next.seq} does not follow ${before.epoch}-${before.seq}`)
}
