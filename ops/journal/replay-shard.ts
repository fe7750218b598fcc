import { evolve } from '../../actors/inventory/evolve.ts'
import { InventoryState } from '../../actors/inventory/inventory-state.ts'
import { restoreInventory } from '../../actors/inventory/snapshot.ts'
import { eachEvent, JournalFault, readRecordHead } from '../../actors/record.ts'
import { finish } from '../../actors/work.ts'
import { type ArchiveRecord, comparePositions, type Position, type ShardName, type Snapshot } from '../../cluster/store.ts'
import { StartFault } from '../start-fault.ts'
import { isAfter, type Mark, positionText } from './positions.ts'

/** An inventory shard as it was. */
export interface PastShard {
  readonly state: InventoryState
  /** Of the last record in it. */
  readonly position: Position
  readonly now: number
}

export interface ReplaySource {
  readArchive(shard: ShardName): AsyncIterable<ArchiveRecord>
  readSnapshot(shard: ShardName): Promise<Snapshot | undefined>
}

/**
 * Brings a shard's state to what it was at `until`, or at the journal's end, by the same `evolve` that its owner used and with its digests compared at every
 * record (G12). From the first record on; where that is past the archive's time, from the snapshot. Throws a {@link StartFault} for a moment that cannot be
 * rebuilt any more, and a {@link JournalFault} where the journal is damaged.
 */
export async function replayShard(source: ReplaySource, shard: ShardName, until: Mark | undefined): Promise<PastShard> {
  const past: Replayed = { state: new InventoryState(), position: { epoch: 0, seq: 0 }, now: 0 }
  let isFirst = true
  for await (const record of source.readArchive(shard)) {
    if (isFirst && record.position.seq !== 0) await begin(past, shard, await source.readSnapshot(shard), until)
    isFirst = false
    if (comparePositions(record.position, past.position) <= 0) continue
    checkChain(past.position, record.position, shard)
    const now = record.position.seq === 0 ? past.now : readRecordHead(record.bytes).now
    if (until !== undefined && isAfter({ position: record.position, now }, until)) break
    if (record.position.seq > 0) apply(past.state, record, shard)
    past.position = record.position
    past.now = now
  }
  if (until?.kind === 'record' && comparePositions(past.position, until.position) !== 0)
    throw new StartFault(
      `${shard} has no record ${positionText(until.position)}: the last one up to there is ${positionText(past.position)}`,
    )
  return past
}

interface Replayed {
  readonly state: InventoryState
  position: Position
  now: number
}

async function begin(past: Replayed, shard: ShardName, snapshot: Snapshot | undefined, until: Mark | undefined): Promise<void> {
  if (snapshot === undefined) throw new JournalFault(`the first records of ${shard} are missing`)
  const isTooEarly = until !== undefined && isAfter(snapshot, until)
  if (isTooEarly)
    throw new StartFault(
      `the first records of ${shard} are past the archive's time: it can be rebuilt from record ${positionText(snapshot.position)} on, of ${new Date(snapshot.now).toISOString()}`,
    )
  finish(restoreInventory(past.state, snapshot.chunks))
  past.position = snapshot.position
  past.now = snapshot.now
}

function apply(state: InventoryState, { position, bytes }: ArchiveRecord, shard: ShardName): void {
  const head = readRecordHead(bytes)
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  eachEvent(bytes, view, (at) => evolve(state, bytes, view, at, head.now))
  if (state.digest() !== head.digest)
    throw new JournalFault(`replaying record ${positionText(position)} of ${shard} gave another state than its owner had`)
}

function checkChain(before: Position, next: Position, shard: ShardName): void {
  const follows = next.epoch === before.epoch ? next.seq === before.seq + 1 : next.seq === 0
  if (!follows) throw new JournalFault(`${shard} lacks what comes between ${positionText(before)} and ${positionText(next)}`)
}
