import type { MetricSink, MetricSource } from '../../cluster/metrics.ts'
import type { ShardName, Snapshot, Store } from '../../cluster/store.ts'
import type { Timer, World } from '../../cluster/world.ts'
import type { NamesToStrike } from '../names-to-strike.ts'

/** What compaction has to know of a shard that this node owns. */
export interface CompactableShard {
  readonly name: ShardName
  /** See `Shard.journalBytes`; never falls. */
  journalBytes(): number
  /** Makes a snapshot of the shard as of about now, while the shard goes on working. */
  takeSnapshot(): Promise<Snapshot>
  /** Of users who were erased; undefined if what is trimmed has none of them. */
  namesToStrike(): NamesToStrike | undefined
}

export interface CompactionLimits {
  /** Journal written by a shard until its next snapshot. */
  readonly snapshotEveryBytes: number
  /** Journal that a next owner may have to read when a shard is handed over: some tens of milliseconds of it. */
  readonly handOverBytesMax: number
  readonly checkMs: number
  /** A snapshot that takes longer is given up, so that other shards get their turn. */
  readonly takeMsMax: number
  /** From a user's erasure until the names are struck out of the archive, so that many erasures share the work. */
  readonly strikeAfterMs: number
  /** Until a shard whose snapshot failed is tried again. */
  readonly retryMs: number
}

export const compactionLimits: CompactionLimits = {
  snapshotEveryBytes: 64 * 1024 * 1024,
  handOverBytesMax: 4 * 1024 * 1024,
  checkMs: 1_000,
  takeMsMax: 600_000,
  strikeAfterMs: 10_000,
  retryMs: 60_000,
}

interface Watched {
  readonly shard: CompactableShard
  /** `journalBytes` when the last snapshot was begun: at least so much is in it. */
  snapshotAtBytes: number
  notBefore: number
  /** Since when there are names to strike out; undefined while there are none. */
  namesSince: number | undefined
}

/**
 * Keeps journals short: a shard that has written enough since its last snapshot gets a new one, up to which the store trims. One shard at a time
 * for the whole process, the longest journal first, and never in the owner's way. A snapshot that fails costs nothing but a longer journal.
 */
export class Compaction implements MetricSource {
  readonly counters = { stored: 0, failed: 0, struck: 0 }
  private readonly store: Pick<Store, 'writeSnapshot' | 'rewriteArchive'>
  private readonly world: World
  private readonly limits: CompactionLimits
  private readonly watched = new Map<ShardName, Watched>()
  private readonly checker: Timer
  private underWay: Promise<void> | undefined
  /** The snapshot that is being made. */
  private taking: { readonly name: ShardName; readonly giveUp: (reason: Error) => void } | undefined
  private isClosed = false

  constructor(parts: {
    readonly store: Pick<Store, 'writeSnapshot' | 'rewriteArchive'>
    readonly world: World
    readonly limits?: Partial<CompactionLimits>
  }) {
    this.store = parts.store
    this.world = parts.world
    this.limits = { ...compactionLimits, ...parts.limits }
    this.checker = parts.world.timers.every(this.limits.checkMs, () => this.check())
  }

  /** From now on; takes the place of what was watched under the same name before. */
  watch(shard: CompactableShard): void {
    this.watched.set(shard.name, { shard, snapshotAtBytes: 0, notBefore: 0, namesSince: undefined })
  }

  /** The shard is not this node's any more; a snapshot that it helps to make will not be. */
  forget(name: ShardName): void {
    this.watched.delete(name)
    if (this.taking?.name === name) this.taking.giveUp(new Error(`${name} is not owned any more`))
  }

  /** Bytes of journal that a next owner would have to read, as far as this one knows. */
  lagOf(name: ShardName): number {
    const watched = this.watched.get(name)
    return watched === undefined ? 0 : unread(watched)
  }

  /** Makes a snapshot now if a next owner would have much to read, after one that is under way; if it fails, there is much to read. */
  async prepareHandOver(name: ShardName): Promise<void> {
    while (this.needsSnapshot(name) && this.underWay !== undefined) await this.underWay
    const watched = this.watched.get(name)
    if (this.isClosed || watched === undefined || !this.needsSnapshot(name)) return
    this.begin(watched)
    await this.idle()
  }

  /** Begins no more snapshots, and resolves when one that is being stored is; one that is only being made is given up. */
  async close(): Promise<void> {
    this.isClosed = true
    this.checker.cancel()
    this.taking?.giveUp(new Error('the node is closing'))
    await this.underWay
  }

  collect(sink: MetricSink): void {
    sink.counter('sluice_snapshots_total', 'Snapshots that were stored', this.counters.stored)
    sink.counter('sluice_archive_records_rewritten_total', 'Archived records that erased users were struck out of', this.counters.struck)
    sink.counter('sluice_snapshot_failures_total', 'Snapshots that could not be made or stored', this.counters.failed)
  }

  private check(): void {
    if (this.underWay !== undefined || this.isClosed) return
    const next = this.longest() ?? this.firstToStrike()
    if (next !== undefined) this.begin(next)
  }

  private needsSnapshot(name: ShardName): boolean {
    const watched = this.watched.get(name)
    return watched !== undefined && unread(watched) > this.limits.handOverBytesMax
  }

  private async idle(): Promise<void> {
    while (this.underWay !== undefined) await this.underWay
  }

  private begin(watched: Watched): void {
    this.underWay = this.compact(watched).finally(() => {
      this.underWay = undefined
    })
  }

  private longest(): Watched | undefined {
    const now = this.world.clock.now()
    let longest: Watched | undefined
    let most = this.limits.snapshotEveryBytes
    for (const watched of this.watched.values()) {
      const bytes = unread(watched)
      if (bytes < most || watched.notBefore > now) continue
      longest = watched
      most = bytes
    }
    return longest
  }

  /** One whose erasures have waited for long enough. */
  private firstToStrike(): Watched | undefined {
    const now = this.world.clock.now()
    for (const watched of this.watched.values()) {
      const hasNames = watched.shard.namesToStrike() !== undefined
      watched.namesSince = hasNames ? (watched.namesSince ?? now) : undefined
      if (watched.namesSince !== undefined && now - watched.namesSince >= this.limits.strikeAfterMs && watched.notBefore <= now)
        return watched
    }
    return undefined
  }

  /** What is trimmed by the snapshot has the names yet, and so do the records that were trimmed before. */
  private async strike(watched: Watched, names: NamesToStrike | undefined, snapshot: Snapshot): Promise<void> {
    if (names === undefined) return
    const { shard } = watched
    if (!names.isTrimmedBy(snapshot.position)) {
      watched.notBefore = this.world.clock.now() + this.limits.strikeAfterMs
      return
    }
    const records = await this.store.rewriteArchive(shard.name, names.rewrite)
    names.done()
    watched.namesSince = undefined
    this.counters.struck += records
    this.world.log.info({ shard: shard.name, records }, 'erased users were struck out of the archive')
  }

  /** Never rejects: a shard without a new snapshot is as well off as before. */
  private async compact(watched: Watched): Promise<void> {
    const { shard } = watched
    const began = this.world.clock.monotonic()
    const bytes = shard.journalBytes()
    const names = shard.namesToStrike()
    try {
      const snapshot = await this.take(shard)
      await this.store.writeSnapshot(shard.name, snapshot)
      watched.snapshotAtBytes = bytes
      this.counters.stored++
      const tookMs = Math.round(this.world.clock.monotonic() - began)
      this.world.log.info({ shard: shard.name, ...snapshot.position, chunks: snapshot.chunks.length, tookMs }, 'a snapshot was stored')
      await this.strike(watched, names, snapshot)
    } catch (error) {
      if (this.isClosed || this.watched.get(shard.name) !== watched) return
      this.counters.failed++
      watched.notBefore = this.world.clock.now() + this.limits.retryMs
      this.world.log.error({ shard: shard.name, error: String(error) }, 'a snapshot failed; the journal stays as long as it is')
    }
  }

  private take(shard: CompactableShard): Promise<Snapshot> {
    return new Promise((resolve, reject) => {
      const end = (): void => {
        deadline.cancel()
        if (this.taking === taking) this.taking = undefined
      }
      const abandon = (reason: unknown): void => {
        end()
        reject(reason instanceof Error ? reason : new Error(String(reason)))
      }
      const deadline = this.world.timers.after(this.limits.takeMsMax, () => abandon(`not made within ${this.limits.takeMsMax} ms`))
      const taking = { name: shard.name, giveUp: abandon }
      this.taking = taking
      shard.takeSnapshot().then((snapshot) => {
        end()
        resolve(snapshot)
      }, abandon)
    })
  }
}

/** Bytes of journal since the last snapshot. */
function unread({ shard, snapshotAtBytes }: Watched): number {
  return shard.journalBytes() - snapshotAtBytes
}
