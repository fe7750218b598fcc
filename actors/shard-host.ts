import type { MetricSink, MetricSource } from '../cluster/metrics.ts'
import { type ShardName, type Store, StoreFault } from '../cluster/store.ts'
import { delay, type World } from '../cluster/world.ts'
import type { ShardKind } from '../protocol/subject.ts'
import { batchBounds, type ShardCounters } from './shard-counters.ts'
import type { Shard } from './shard.ts'

export interface ShardHostParts {
  readonly store: Store
  readonly world: World
  /** Who owns, in leases. */
  readonly node: string
  readonly names: readonly ShardName[]
  /** Builds the shard's actor and opens it under an epoch. */
  readonly open: (name: ShardName, epoch: number, onLost: (reason: Error) => void) => Promise<Shard>
  /** A shard could not be opened, or was lost and could not be opened again: this node cannot do its work. */
  readonly onUnable: (reason: Error) => void
}

const reopenDelayMs = 500
/** A shard that fails so often in a row is not going to work here. */
const failuresMax = 5

/** Holds all shards of this node: claims and opens them, opens a lost one again under a new epoch, and gives them back at the end. */
export class ShardHost implements MetricSource {
  private readonly parts: ShardHostParts
  private readonly shards = new Map<ShardName, Shard>()
  private readonly failures = new Map<ShardName, number>()
  private isClosing = false

  constructor(parts: ShardHostParts) {
    this.parts = parts
  }

  /** Opens every shard; rejects with the first that cannot be. */
  async start(): Promise<void> {
    await Promise.all(this.parts.names.map((name) => this.open(name)))
  }

  /** Open shards with their names. */
  entries(): IterableIterator<[ShardName, Shard]> {
    return this.shards.entries()
  }

  /** Stops every shard when what it has taken is stored and answered, and gives the leases back. */
  async close(): Promise<void> {
    this.isClosing = true
    const { store } = this.parts
    await Promise.all(
      [...this.shards].map(async ([name, shard]) => {
        await shard.close()
        await store.release(name, shard.position.epoch)
      }),
    )
    this.shards.clear()
  }

  collect(sink: MetricSink): void {
    const totals = new Map<ShardKind, ShardCounters[]>()
    for (const [name, shard] of this.shards) {
      const kind: ShardKind = name.startsWith('inv') ? 'inv' : 'ses'
      const known = totals.get(kind)
      if (known === undefined) totals.set(kind, [shard.counters])
      else known.push(shard.counters)
    }
    for (const [kind, counters] of totals) collectKind(sink, kind, counters)
  }

  private async open(name: ShardName): Promise<void> {
    const { store, node, world } = this.parts
    const lease = await store.claim(name, node)
    if (lease === 'taken') throw new StoreFault('STORE_IN_USE', `another process has taken over the data: ${name} is no longer this one's`)
    const shard = await this.parts.open(name, lease.epoch, (reason) => {
      world.log.error({ shard: name, epoch: lease.epoch, reason: reason.message, stack: reason.stack }, 'a shard was lost')
      this.shards.delete(name)
      if (!this.isClosing)
        this.reopen(name).catch((error: unknown) => this.parts.onUnable(error instanceof Error ? error : new Error(String(error))))
    })
    this.shards.set(name, shard)
  }

  /** A shard that stopped on a bug is recovered from its journal; one that cannot be, or stops again and again, ends the node. */
  private async reopen(name: ShardName): Promise<void> {
    const failed = (this.failures.get(name) ?? 0) + 1
    this.failures.set(name, failed)
    if (failed > failuresMax) throw new Error(`${name} was lost ${failed} times`)
    await delay(this.parts.world.timers, reopenDelayMs * failed)
    if (!this.isClosing) await this.open(name)
  }
}

function collectKind(sink: MetricSink, kind: ShardKind, all: readonly ShardCounters[]): void {
  const labels = { kind }
  const sum = (of: (counters: ShardCounters) => number): number => all.reduce((total, one) => total + of(one), 0)
  sink.gauge('sluice_shards_owned', 'Shards that this node owns', all.length, labels)
  sink.counter(
    'sluice_shard_commands_total',
    'Commands that shards took from their mailboxes',
    sum((one) => one.commands),
    labels,
  )
  sink.counter(
    'sluice_shard_late_total',
    'Commands dropped because their deadline had passed',
    sum((one) => one.late),
    labels,
  )
  sink.counter(
    'sluice_shard_busy_frames_total',
    'Frames refused because a mailbox was full',
    sum((one) => one.busyFrames),
    labels,
  )
  sink.counter(
    'sluice_shard_store_faults_total',
    'Times that the store failed a shard',
    sum((one) => one.storeFaults),
    labels,
  )
  sink.counter(
    'sluice_shard_record_bytes_total',
    'Bytes of journal records',
    sum((one) => one.recordBytes),
    labels,
  )
  const counts = batchBounds.map((_, i) => sum((one) => one.batchSizes[i] ?? 0))
  counts.push(sum((one) => one.batchSizes[batchBounds.length] ?? 0))
  sink.histogram(
    'sluice_shard_batch_events',
    'Events in a journal record',
    batchBounds,
    counts,
    sum((one) => one.events),
    labels,
  )
}
