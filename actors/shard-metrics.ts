import type { MetricSink } from '../cluster/metrics.ts'
import { partsOfName, type ShardName } from '../cluster/store.ts'
import type { ShardKind } from '../protocol/subject.ts'
import { EstimateCounts } from './estimate-counts.ts'
import { batchBounds, ShardCounters } from './shard-counters.ts'
import type { Shard } from './shard.ts'

type Counted = Pick<Shard, 'counters' | 'estimates'>
type Owned = Counted & Pick<Shard, 'position' | 'mailbox'>

const kinds: readonly ShardKind[] = ['inv', 'ses']

/** Adds up what the shards of a node have counted, those that it has no more included: a counter never falls. */
export class ShardMetrics {
  /** Of shards that this node had: no more than there are. */
  private readonly pastEstimates = new Map<ShardName, EstimateCounts>()
  private readonly past = new Map<ShardName, ShardCounters>()

  ended(name: ShardName, shard: Counted): void {
    this.pastOf(name).add(shard.counters)
    if (shard.estimates !== undefined) this.estimatesOf(name).add(shard.estimates)
  }

  collect(sink: MetricSink, shards: Iterable<readonly [ShardName, Owned]>): void {
    const all = [...shards]
    const owned = { inv: 0, ses: 0 }
    const totals = { inv: new ShardCounters(), ses: new ShardCounters() }
    for (const [name, counters] of this.past) {
      totals[partsOfName(name).kind].add(counters)
      collectRecords(sink, name, counters)
    }
    for (const [name, shard] of all) {
      const { kind } = partsOfName(name)
      owned[kind]++
      totals[kind].add(shard.counters)
      collectRecords(sink, name, shard.counters)
      collectOwned(sink, name, shard)
    }
    for (const kind of kinds) {
      sink.gauge('sluice_shards_owned', 'Shards that this node owns', owned[kind], { kind })
      collectKind(sink, kind, totals[kind])
    }
    this.collectEstimates(sink, all)
  }

  /** By shard, so that one bad line does not hide behind many good ones. */
  private collectEstimates(sink: MetricSink, shards: readonly (readonly [ShardName, Counted])[]): void {
    for (const [name, past] of this.pastEstimates) collectEstimates(sink, name, past)
    for (const [name, { estimates }] of shards) if (estimates !== undefined) collectEstimates(sink, name, estimates)
  }

  private pastOf(name: ShardName): ShardCounters {
    const known = this.past.get(name) ?? new ShardCounters()
    this.past.set(name, known)
    return known
  }

  private estimatesOf(name: ShardName): EstimateCounts {
    const known = this.pastEstimates.get(name) ?? new EstimateCounts()
    this.pastEstimates.set(name, known)
    return known
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
  total.appends.tell(sink, 'sluice_append_seconds', 'Time that the store took for a journal record', labels)
}

/** A mean for each shard; where it says that one is slow, the histogram of its kind says how slow. */
function collectRecords(sink: MetricSink, shard: ShardName, { records, events, appends }: ShardCounters): void {
  const labels = { shard }
  sink.summary('sluice_shard_record_events', 'Events in the journal records of a shard', records, events, labels)
  sink.summary('sluice_shard_append_seconds', 'Time that the store took for the records of a shard', records, appends.sumMs / 1000, labels)
}

function collectOwned(sink: MetricSink, shard: ShardName, { position, mailbox }: Owned): void {
  const labels = { shard }
  sink.gauge('sluice_shard_epoch', 'Epoch under which this node owns a shard', position.epoch, labels)
  sink.gauge('sluice_shard_mailbox_bytes', 'Commands that wait for a shard', mailbox.bytes, labels)
}

/** Series of the same name and labels add up: what the shard counted here before, and what it has since it came back. */
function collectEstimates(sink: MetricSink, shard: ShardName, counts: EstimateCounts): void {
  const { served, insideP50, insideP90, likely, likelyServed, unlikely, unlikelyServed } = counts
  const labels = { shard }
  sink.counter('sluice_estimates_total', 'Places looked at of which a time was told, and that were served', served, labels)
  sink.counter(
    'sluice_estimates_inside_p50_total',
    'Of these, places that were served within the p50 told; half is right',
    insideP50,
    labels,
  )
  sink.counter(
    'sluice_estimates_inside_p90_total',
    'Of these, places that were served within the p90 told; nine of ten is right',
    insideP90,
    labels,
  )
  const help = 'Places looked at that were served, or ended as sold out, by the odds told and what became of them'
  const odds = (told: string, outcome: string, count: number): void =>
    sink.counter('sluice_estimates_odds_total', help, count, { shard, odds: told, outcome })
  odds('likely', 'served', likelyServed)
  odds('likely', 'soldout', likely - likelyServed)
  odds('unlikely', 'served', unlikelyServed)
  odds('unlikely', 'soldout', unlikely - unlikelyServed)
}
