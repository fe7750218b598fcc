import type { MetricSink } from '../cluster/metrics.ts'
import { partsOfName, type ShardName } from '../cluster/store.ts'
import type { ShardKind } from '../protocol/subject.ts'
import { batchBounds, ShardCounters } from './shard-counters.ts'
import type { Shard } from './shard.ts'

const kinds: readonly ShardKind[] = ['inv', 'ses']

/** Adds up what the shards of a node have counted, those that it has no more included: a counter never falls. */
export class ShardMetrics {
  private readonly past = { inv: new ShardCounters(), ses: new ShardCounters() }

  ended(name: ShardName, shard: Shard): void {
    this.past[partsOfName(name).kind].add(shard.counters)
  }

  collect(sink: MetricSink, shards: Iterable<readonly [ShardName, Shard]>): void {
    const all = [...shards]
    for (const kind of kinds) {
      const owned = all.filter(([name]) => partsOfName(name).kind === kind)
      sink.gauge('sluice_shards_owned', 'Shards that this node owns', owned.length, { kind })
      const total = new ShardCounters()
      total.add(this.past[kind])
      for (const [, shard] of owned) total.add(shard.counters)
      collectKind(sink, kind, total)
    }
  }
}

function collectKind(sink: MetricSink, kind: ShardKind, total: ShardCounters): void {
  const labels = { kind }
  const { commands, late, busyFrames, storeFaults, recordBytes, batchSizes, events } = total
  sink.counter('sluice_shard_commands_total', 'Commands that shards took from their mailboxes', commands, labels)
  sink.counter('sluice_shard_late_total', 'Commands dropped because their deadline had passed', late, labels)
  sink.counter('sluice_shard_busy_frames_total', 'Frames refused because a mailbox was full', busyFrames, labels)
  sink.counter('sluice_shard_store_faults_total', 'Times that the store failed a shard', storeFaults, labels)
  sink.counter('sluice_shard_record_bytes_total', 'Bytes of journal records', recordBytes, labels)
  sink.histogram('sluice_shard_batch_events', 'Events in a journal record', batchBounds, batchSizes, events, labels)
}
