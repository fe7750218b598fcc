import { partsOfName, type ShardName, type Store } from '../cluster/store.ts'
import type { Timer, World } from '../cluster/world.ts'
import { InventoryActor } from './inventory/inventory-actor.ts'
import { readAhead, type Recovered } from './recovery.ts'
import type { TakeTurns } from './work.ts'

/** Shards that are read ahead at a time: what others hand over at once. */
const standBysMax = 16
/** An owner that has not given its shard away by then has thought better of it. */
const keepMs = 15_000

/** An actor that has come to some place in its shard's journal, for whoever opens the shard. */
export interface StandBy {
  readonly actor: InventoryActor
  readonly ahead: Recovered
}

/**
 * Inventory shards that are read while they still have their owner, who is about to hand them over: what is left to do when they are free takes as long as
 * reading the last few records, however long their lines are.
 */
export class StandBys {
  private readonly store: Pick<Store, 'readSnapshot' | 'readTail'>
  private readonly world: World
  private readonly takeTurns: TakeTurns
  private readonly kept = new Map<ShardName, StandBy & { readonly timer: Timer }>()
  private readonly reading = new Set<ShardName>()

  constructor(store: Pick<Store, 'readSnapshot' | 'readTail'>, world: World, takeTurns: TakeTurns) {
    this.store = store
    this.world = world
    this.takeTurns = takeTurns
  }

  /** Resolves when the shard is read. Rejects if it cannot be; it may be opened without. */
  async prepare(name: ShardName): Promise<void> {
    if (this.reading.has(name) || this.reading.size + this.kept.size >= standBysMax) return
    this.reading.add(name)
    try {
      const actor = new InventoryActor(partsOfName(name).shard)
      const ahead = await readAhead(this.store, name, actor, this.takeTurns)
      this.take(name)
      this.kept.set(name, { actor, ahead, timer: this.world.timers.after(keepMs, () => this.kept.delete(name)) })
    } finally {
      this.reading.delete(name)
    }
  }

  /** What was prepared, once. */
  take(name: ShardName): StandBy | undefined {
    const kept = this.kept.get(name)
    kept?.timer.cancel()
    this.kept.delete(name)
    return kept
  }

  close(): void {
    for (const { timer } of this.kept.values()) timer.cancel()
    this.kept.clear()
  }
}
