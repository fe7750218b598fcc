import type { MetricSink } from '../../cluster/metrics.ts'
import type { ShardName } from '../../cluster/store.ts'

/** What a node counts of its comings and goings as an owner. */
export class OwnershipCounters {
  opened = 0
  /** Tries to claim or open that failed, and shards that stopped on a bug. */
  failures = 0
  handedOver = 0
  /** Of these, while a batch was under way. */
  handedOverInBatch = 0
  /** Leases that the store had given to another when they were to be renewed, and that ran out before they were. */
  leasesLost = 0
  leasesOver = 0
  /** Every shard from the start: Prometheus sees no rise in a series that begins with 1. */
  private readonly fencedByShard: Map<ShardName, number>
  /** Shards that this node should have owned and left to another because it could not. */
  declined = 0
  beatFailures = 0

  constructor(names: readonly ShardName[] = []) {
    this.fencedByShard = new Map(names.map((name) => [name, 0]))
  }

  fencedOnce(shard: ShardName): void {
    this.fencedByShard.set(shard, (this.fencedByShard.get(shard) ?? 0) + 1)
  }

  /** How often a newer owner fenced a shard here. */
  get fenced(): number {
    return [...this.fencedByShard.values()].reduce((sum, count) => sum + count, 0)
  }

  collect(sink: MetricSink): void {
    sink.counter('sluice_shards_opened_total', 'Shards that this node opened', this.opened)
    sink.counter('sluice_shard_failures_total', 'Shards that could not be claimed or opened, or stopped on a bug', this.failures)
    sink.counter('sluice_shards_handed_over_total', 'Shards that this node handed to a better-placed one', this.handedOver)
    sink.counter('sluice_leases_lost_total', 'Leases of shards that ended under their owner', this.leasesLost, { why: 'taken' })
    sink.counter('sluice_leases_lost_total', 'Leases of shards that ended under their owner', this.leasesOver, { why: 'ran-out' })
    for (const [shard, count] of this.fencedByShard)
      sink.counter('sluice_shards_fenced_total', 'Times that a newer owner fenced a shard here', count, { shard })
    sink.counter('sluice_shards_declined_total', 'Shards that this node should have owned and could not', this.declined)
    sink.counter('sluice_beat_failures_total', 'Beats that the members did not take', this.beatFailures)
  }
}
