import { InventoryActor } from '../../actors/inventory/inventory-actor.ts'
import { Outbox } from '../../actors/inventory/outbox.ts'
import { orderTargets } from '../../actors/payment/order-targets.ts'
import { SessionActor } from '../../actors/session/session-actor.ts'
import { Shard, type ShardLimits } from '../../actors/shard.ts'
import { type Ask, commandsOf } from '../../actors/testing/asks.ts'
import { incarnation, settingsOf } from '../../actors/testing/inventory-rig.ts'
import { ManualWorld } from '../../actors/testing/manual-world.ts'
import { MemoryBus } from '../../actors/testing/memory-bus.ts'
import { MemoryStore } from '../../actors/testing/memory-store.ts'
import type { Bus } from '../../cluster/bus.ts'
import { Calls } from '../../cluster/calls.ts'
import type { QueuedOrder } from '../../cluster/queue.ts'
import { type Position, shardName, type ShardName, type Store } from '../../cluster/store.ts'
import type { ShardKind } from '../../protocol/subject.ts'
import { publicSubject, shardSubject } from '../../protocol/subject.ts'

/** What checkers are fed with, in the order in which it happened. */
export type Happening = { readonly atMs: number } & (
  | { readonly kind: 'applied'; readonly shard: ShardName; readonly position: Position; readonly bytes: Uint8Array }
  | { readonly kind: 'stands'; readonly shard: ShardName }
  | { readonly kind: 'lost'; readonly shard: ShardName; readonly from: Position }
  | { readonly kind: 'sent'; readonly subject: string; readonly frame: Uint8Array }
  | { readonly kind: 'put'; readonly id: string; readonly order: QueuedOrder }
)

type Settings = Exclude<Parameters<typeof settingsOf>[0], undefined>

const limits: ShardLimits = { mailboxBytesMax: 20_000, batchEntriesMax: 1_000, tickMs: 100, storeRetryMs: 50 }
const inventory = shardName('inv', 0)

/** One inventory and one session shard of the real code, and all that happened to their store and on their bus: true stories for tests to damage. */
export class RecordedShop {
  readonly story: Happening[] = []
  readonly world = new ManualWorld()
  private readonly bus: Bus
  private readonly store: Store
  private slot = 0
  private owner: Shard | undefined

  private constructor() {
    const bus = new MemoryBus()
    this.bus = {
      send: (subject, frame) => {
        this.add({ kind: 'sent', subject, frame: frame.slice() })
        return bus.send(subject, frame)
      },
      serve: (subject, handler) => bus.serve(subject, handler),
      onUndelivered: () => {},
      close: () => bus.close(),
    }
    this.store = recording(new MemoryStore(), {
      applied: (shard, position, bytes) => this.add({ kind: 'applied', shard, position, bytes: bytes.slice() }),
      stands: (shard) => this.add({ kind: 'stands', shard }),
    })
  }

  /** A shop that sells shoes. */
  static async open(settings: Settings = {}): Promise<RecordedShop> {
    const shop = new RecordedShop()
    await shop.takeOver(0)
    await shop.own('ses', new SessionActor())
    await shop.ask({ op: 'configure', payload: { settings: settingsOf(settings), incarnation } })
    await shop.pass(150)
    return shop
  }

  /** A new owner of the inventory, so long after the last one stopped. */
  async takeOver(downMs: number): Promise<void> {
    await this.world.settled(this.owner?.close() ?? Promise.resolve())
    await this.pass(downMs)
    const actor = new InventoryActor(0)
    this.owner = await this.own('inv', actor)
  }

  /** One frame of commands, to one kind of shard and with one codec in the answers; what time they take passes. */
  async ask(...asks: readonly Ask[]): Promise<void> {
    const numbered = asks.map((ask) => ({ ...ask, slot: ++this.slot, turn: 1, msgid: this.slot }))
    const kind = asks.some(({ op }) => sessionOps.has(op)) ? 'ses' : 'inv'
    const replyTo = asks.some(({ op }) => packedOps.has(op)) ? 'gw.packed' : 'gw'
    this.bus.send(shardSubject(kind, 0), commandsOf(replyTo, numbered))
    await this.world.pass(0)
  }

  buy(user: string, options: Partial<Ask> = {}): Promise<void> {
    return this.ask({ op: 'buy', sku: 'shoe', user, ...options })
  }

  checkout(user: string, options: Partial<Ask> = {}): Promise<void> {
    return this.ask({ op: 'checkout', sku: 'shoe', user, payload: new TextEncoder().encode('tok_ok'), ...options })
  }

  settle(claim: number, outcome: string): Promise<void> {
    return this.ask({ op: 'settle', sku: 'shoe', payload: { incarnation, claim, outcome } })
  }

  setPhase(phase: string): Promise<void> {
    return this.ask({ op: 'setPhase', sku: 'shoe', payload: { phase } })
  }

  pass(ms: number): Promise<void> {
    return this.world.pass(ms)
  }

  private async own(kind: ShardKind, actor: InventoryActor | SessionActor): Promise<Shard> {
    const name = shardName(kind, 0)
    const { bus, store, world } = this
    const lease = await store.claim(name, 'owner')
    if (lease === 'taken') throw new Error('the memory store gives every shard to everyone')
    if (actor instanceof InventoryActor) {
      const calls = new Calls({ bus, world, node: `owner${lease.epoch}`, shards: 1, limits: { pendingMax: 100, callDeadlineMs: 5_000 } })
      const queue = { put: async (id: string, order: QueuedOrder) => this.add({ kind: 'put', id, order }) }
      actor.useOutbox((state) => new Outbox(state, orderTargets({ queue, calls, log: world.log }), lease.epoch))
    }
    const parts = { name, subject: shardSubject(kind, 0), actor, store, bus, world, limits, onLost: lost }
    const opening = Shard.open(kind === 'inv' ? { ...parts, publicSubject: publicSubject(0) } : parts, lease.epoch)
    return this.world.settled(opening)
  }

  private add(happening: DistributiveOmit<Happening, 'atMs'>): void {
    this.story.push({ ...happening, atMs: this.world.clock.now() })
  }
}

type DistributiveOmit<T, K extends PropertyKey> = T extends unknown ? Omit<T, K> : never

const sessionOps: ReadonlySet<string> = new Set(['attach', 'detach', 'claimed', 'orderNews', 'userGet', 'orderList'])
/** Whose answers carry the inner codec; they come by themselves. */
const packedOps: ReadonlySet<string> = new Set(['view', 'claimsByNumber', 'claimsOfUser'])

function lost(reason: Error): void {
  throw reason
}

/** The positions of a story's records in the inventory shard, its openings left out. */
export function recordsOf(story: readonly Happening[]): Position[] {
  return story.flatMap((one) => (one.kind === 'applied' && one.shard === inventory && one.position.seq > 0 ? [one.position] : []))
}

interface Recorder {
  applied(shard: ShardName, position: Position, bytes: Uint8Array): void
  stands(shard: ShardName): void
}

/** The store, and word of every record in the moment in which it has it. */
function recording(inner: MemoryStore, recorder: Recorder): Store {
  return {
    claim: (shard) => inner.claim(shard),
    renew: (shard, epoch) => inner.renew(shard, epoch),
    release: () => inner.release(),
    async open(shard, epoch) {
      recorder.applied(shard, { epoch, seq: 0 }, new Uint8Array(0))
      return inner.open(shard, epoch)
    },
    async append(shard, position, record) {
      const stored = await inner.append(shard, position, record)
      if (stored === 'stored') {
        recorder.applied(shard, position, record)
        recorder.stands(shard)
      }
      return stored
    },
    async confirm(shard, last) {
      const outcome = await inner.confirm(shard, last)
      if (outcome === 'stands') recorder.stands(shard)
      return outcome
    },
    readTail: (shard, after) => inner.readTail(shard, after),
    readSnapshot: (shard) => inner.readSnapshot(shard),
    writeSnapshot: (shard, snapshot) => inner.writeSnapshot(shard, snapshot),
    readArchive: (shard) => inner.readArchive(shard),
    rewriteArchive: (shard, rewrite) => inner.rewriteArchive(shard, rewrite),
    getRecord: (shard, key) => inner.getRecord(shard, key),
    putRecord: (shard, epoch, key, bytes) => inner.putRecord(shard, epoch, key, bytes),
    deleteRecord: (shard, epoch, key) => inner.deleteRecord(shard, epoch, key),
    close: () => inner.close(),
  }
}
