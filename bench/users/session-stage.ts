import { SessionActor, sessionLimits } from '../../actors/session/session-actor.ts'
import { snapshotSessions } from '../../actors/session/session-snapshot.ts'
import { WriteBehind } from '../../actors/session/write-behind.ts'
import { Shard } from '../../actors/shard.ts'
import { decodePlain } from '../../cluster/call-codec.ts'
import { Calls, type Command } from '../../cluster/calls.ts'
import { LocalBus } from '../../cluster/local-bus.ts'
import { type ShardName, shardName, type Store } from '../../cluster/store.ts'
import type { World } from '../../cluster/world.ts'
import { shardSubject } from '../../protocol/subject.ts'
import { BenchFault } from '../bench-fault.ts'

export const shardCount = 4
const limits = { mailboxBytesMax: 64 * 1024 * 1024, batchEntriesMax: 16_384, tickMs: 20, storeRetryMs: 200 }
const busyMs = 5

/** Session shards over a real store in this process: what an actors node has of users, without sockets. */
export class SessionStage {
  readonly calls: Calls
  private readonly store: Store
  private readonly world: World
  private readonly bus: LocalBus
  private readonly open: { readonly name: ShardName; readonly shard: Shard; readonly actor: SessionActor }[] = []

  private constructor(store: Store, world: World) {
    this.store = store
    this.world = world
    this.bus = new LocalBus(world.log)
    this.calls = new Calls({
      bus: this.bus,
      world,
      node: 'bench',
      shards: shardCount,
      limits: { pendingMax: 65_536, callDeadlineMs: 60_000 },
    })
  }

  static async start(store: Store, world: World): Promise<SessionStage> {
    const stage = new SessionStage(store, world)
    for (let number = 0; number < shardCount; number++) await stage.openShard(number)
    return stage
  }

  /** Asks the user's session, again as long as it is too busy. */
  async ask(command: Command & { readonly user: string }): Promise<unknown> {
    for (;;) {
      const { error, result } = await this.calls.request('ses', this.calls.shardOfText(command.user), command, decodePlain)
      if (error === null) return result
      if (error.code !== 'BUSY') throw new BenchFault(`${command.user}: ${error.message}`)
      await new Promise<void>((resolve) => this.world.timers.after(busyMs, resolve))
    }
  }

  /** Everything is in the records of its users, and the journal is trimmed. */
  async settle(): Promise<void> {
    for (const { name, shard, actor } of this.open) await this.store.writeSnapshot(name, await snapshotSessions(shard, actor))
  }

  async close(): Promise<void> {
    for (const { shard } of this.open) await shard.close()
    this.calls.close()
    await this.bus.close()
  }

  private async openShard(number: number): Promise<void> {
    const { store, world, bus } = this
    const name = shardName('ses', number)
    const lease = await store.claim(name, 'bench')
    if (lease === 'taken') throw new BenchFault(`${name} is somebody else's`)
    const actor = new SessionActor(sessionLimits)
    const parts = { records: store, shard: name, epoch: lease.epoch, limits: sessionLimits, log: world.log }
    actor.useRecords((state) => new WriteBehind(state, parts))
    const onLost = (reason: Error): never => {
      throw reason
    }
    const shard = await Shard.open({ name, subject: shardSubject('ses', number), actor, store, bus, world, limits, onLost }, lease.epoch)
    this.open.push({ name, shard, actor })
  }
}
