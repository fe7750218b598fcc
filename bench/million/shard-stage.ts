import { setTimeout as sleep } from 'node:timers/promises'
import { Compaction } from '../../actors/compaction/compaction.ts'
import { InventoryActor } from '../../actors/inventory/inventory-actor.ts'
import { Shard } from '../../actors/shard.ts'
import { WorkTurns } from '../../actors/work-turns.ts'
import { Calls } from '../../cluster/calls.ts'
import { LocalBus } from '../../cluster/local-bus.ts'
import { type ShardName, shardName, type Store } from '../../cluster/store.ts'
import type { World } from '../../cluster/world.ts'
import { FollowerThread, type FollowSource } from '../../ops/follower-thread.ts'
import { op } from '../../protocol/entry.ts'
import { packInner } from '../../protocol/inner-codec.ts'
import type { SkuSettings } from '../../protocol/sku-settings.ts'
import { publicSubject, shardSubject } from '../../protocol/subject.ts'
import { BenchFault } from '../bench-fault.ts'
import { userName } from './ticket-line.ts'

const shards = 2
const limits = { mailboxBytesMax: 64 * 1024 * 1024, batchEntriesMax: 16_384, tickMs: 100, storeRetryMs: 200 }
const callsAtOnce = 8_192
const ready = { error: null, result: null } as const

/**
 * Two inventory shards over a real store in this process, with the thread that makes their snapshots: what an actors node has, without sockets. Shard 0 is
 * the one with the million, shard 1 another of the same node.
 */
export class ShardStage {
  readonly calls: Calls
  private readonly store: Store
  private readonly world: World
  private readonly bus: LocalBus
  private readonly follower: FollowerThread
  private readonly compaction: Compaction
  private readonly turns: WorkTurns
  private readonly open = new Map<ShardName, Shard>()

  private constructor(store: Store, source: FollowSource, world: World) {
    this.store = store
    this.world = world
    this.bus = new LocalBus(world.log)
    this.calls = new Calls({ bus: this.bus, world, node: 'bench', shards, limits: { pendingMax: 65_536, callDeadlineMs: 60_000 } })
    this.follower = new FollowerThread(source)
    this.compaction = new Compaction({ store, world, limits: { handOverBytesMax: 0 } })
    this.turns = new WorkTurns(world)
  }

  static async start(store: Store, source: FollowSource, world: World): Promise<ShardStage> {
    const stage = new ShardStage(store, source, world)
    for (let shard = 0; shard < shards; shard++) await stage.openShard(shard)
    return stage
  }

  async configure(shard: number, settings: SkuSettings, drawSeed?: Uint8Array): Promise<void> {
    const payload = packInner({ settings, incarnation: 'bench1', ...(drawSeed === undefined ? {} : { drawSeed }) })
    const { error } = await this.calls.request('inv', shard, { op: op.configure, payload })
    if (error !== null) throw new BenchFault(`${settings.sku} could not be made: ${error.message}`)
  }

  /** So many people `buy`, as fast as they are taken. */
  async fill(sku: string, people: number): Promise<void> {
    let next = 0
    const lane = async (): Promise<void> => {
      for (let number = next++; number < people; number = next++) {
        const user = userName(number)
        await this.calls.request('inv', 0, { op: op.buy, sku, user, qty: 1, requestId: user }, () => ready)
      }
    }
    await Promise.all(Array.from({ length: callsAtOnce }, lane))
  }

  /** Makes and stores a snapshot of shard 0. */
  async snapshot(): Promise<void> {
    const { stored } = this.compaction.counters
    await this.compaction.prepareHandOver(shardName('inv', 0))
    if (this.compaction.counters.stored === stored) throw new BenchFault('the snapshot failed')
  }

  async snapshotChunks(): Promise<number> {
    return (await this.store.readSnapshot(shardName('inv', 0)))?.chunks.length ?? 0
  }

  async closeShard(shard: number): Promise<void> {
    const name = shardName('inv', shard)
    this.compaction.forget(name)
    await this.open.get(name)?.close()
    this.open.delete(name)
  }

  /** As its next owner does: from what is stored. */
  async openShard(shard: number): Promise<void> {
    const name = shardName('inv', shard)
    const lease = await this.store.claim(name, 'bench')
    if (lease === 'taken') throw new BenchFault(`${name} has another owner`)
    const opened = await Shard.open(
      {
        ...{ name, subject: shardSubject('inv', shard), publicSubject: publicSubject(shard), actor: new InventoryActor(shard) },
        ...{ store: this.store, bus: this.bus, world: this.world, limits, takeTurns: this.turns.take },
        onLost: (reason) => {
          throw reason
        },
      },
      lease.epoch,
    )
    this.open.set(name, opened)
    this.compaction.watch({
      name,
      journalBytes: () => opened.journalBytes,
      takeSnapshot: () => this.follower.follow(name),
      namesToStrike: () => undefined,
    })
  }

  /** Opens a sale with a draw; resolves when all who were in the lobby stand in line. */
  async draw(sku: string): Promise<void> {
    await this.calls.request('inv', 0, { op: op.setPhase, sku, payload: packInner({ phase: 'open' }) })
    for (;;) {
      const { result } = await this.calls.request('inv', 0, { op: op.status, sku })
      if (typeof result === 'object' && result !== null && 'state' in result && result['state'] === 'open') return
      await sleep(20)
    }
  }

  async close(): Promise<void> {
    for (let shard = 0; shard < shards; shard++) await this.closeShard(shard)
    await this.compaction.close()
    await this.follower.close()
    this.calls.close()
    await this.bus.close()
  }
}
