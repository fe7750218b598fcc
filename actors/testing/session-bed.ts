import { type CallResult, decodePlain } from '../../cluster/call-codec.ts'
import { Calls } from '../../cluster/calls.ts'
import { shardName } from '../../cluster/store.ts'
import type { ClaimNotice, UserNotice } from '../../protocol/broadcast.ts'
import { op, type Op } from '../../protocol/entry.ts'
import { frameKind, kindOfFrame } from '../../protocol/frame.ts'
import { formatOrderId } from '../../protocol/ids.ts'
import { packInner, unpackInner } from '../../protocol/inner-codec.ts'
import type { Order, OrderState, UserHistory } from '../../protocol/results.ts'
import { replySubject, shardSubject, usersSubject } from '../../protocol/subject.ts'
import type { OrderNews } from '../inventory/ended-order.ts'
import { SessionActor, type SessionLimits } from '../session/session-actor.ts'
import { WriteBehind } from '../session/write-behind.ts'
import { Shard } from '../shard.ts'
import { skuId } from './ids.ts'
import { ManualWorld } from './manual-world.ts'
import { MemoryBus } from './memory-bus.ts'
import { MemoryStore } from './memory-store.ts'

export const name = shardName('ses', 0)
export const sku = skuId('shoe')
export const limits: SessionLimits = { usersMax: 4, writeAfterMs: 1_000, askEveryMs: 8_000 }
export const phone = replySubject('phone')
export const laptop = replySubject('laptop')

interface BedParts {
  readonly world: ManualWorld
  readonly store: MemoryStore
  readonly bus: MemoryBus
  readonly actor: SessionActor
  readonly shard: Shard
  readonly losses: readonly Error[]
}

/** A session shard with one gateway that asks it. A new one over the same store is a new owner. */
export class SessionBed {
  readonly world: ManualWorld
  readonly store: MemoryStore
  readonly bus: MemoryBus
  readonly actor: SessionActor
  readonly shard: Shard
  readonly losses: readonly Error[]
  readonly calls: Calls

  private constructor(parts: BedParts) {
    this.world = parts.world
    this.store = parts.store
    this.bus = parts.bus
    this.actor = parts.actor
    this.shard = parts.shard
    this.losses = parts.losses
    const { bus, world } = parts
    this.calls = new Calls({ bus, world, node: 'phone', shards: 1, limits: { pendingMax: 1_000, callDeadlineMs: 5_000 } })
  }

  static async open(world = new ManualWorld(), store = new MemoryStore(), isOver?: (gateway: string) => boolean): Promise<SessionBed> {
    const bus = new MemoryBus()
    const losses: Error[] = []
    const actor = new SessionActor(limits, isOver)
    const { epoch } = await store.claim(name)
    actor.useRecords((state) => new WriteBehind(state, { records: store, shard: name, epoch, limits, log: world.log }))
    const parts = {
      name,
      subject: shardSubject('ses', 0),
      actor,
      store,
      bus,
      world,
      limits: { mailboxBytesMax: 1 << 20, batchEntriesMax: 256, tickMs: 50, storeRetryMs: 100 },
      onLost: (reason: Error) => losses.push(reason),
    }
    const shard = await world.settled(Shard.open(parts, epoch))
    return new SessionBed({ world, store, bus, actor, shard, losses })
  }

  /** The owner dies, with all that it had in memory; another takes over. */
  async crash(): Promise<SessionBed> {
    await this.world.settled(this.shard.close())
    this.calls.close()
    return SessionBed.open(this.world, this.store)
  }

  ask(operation: Op, user: string, payload: unknown = null): Promise<CallResult<unknown>> {
    return this.read<unknown>(operation, user, payload)
  }

  async user(user: string): Promise<SeenUser> {
    return resultOf(await this.read<SeenUser>(op.userGet, user))
  }

  async orders(user: string): Promise<readonly Order[]> {
    return resultOf(await this.read<readonly Order[]>(op.orderList, user))
  }

  private read<T>(operation: Op, user: string, payload: unknown = null): Promise<CallResult<T>> {
    const command = { op: operation, user, payload: packInner(payload) }
    return this.world.settled(this.calls.request<T>('ses', 0, command, decodePlain))
  }

  async history(user: string, after: string | null = null, limit = 100): Promise<UserHistory> {
    return resultOf(await this.read<UserHistory>(op.userHistory, user, { after, limit }))
  }

  /** Users of whom every gateway was told that they have changed. */
  get changed(): readonly string[] {
    return this.bus.sent
      .filter(({ subject }) => subject === usersSubject)
      .map(({ frame }) => unpackInner<UserNotice>(frame.subarray(2)).user)
  }

  refundsTold(to: string): number {
    return this.bus.sent.filter(({ subject, frame }) => subject === to && kindOfFrame(frame) === frameKind.orderNotice).length
  }

  notices(to: string): readonly ClaimNotice[] {
    const frames = this.bus.sent.filter(({ subject, frame }) => subject === to && kindOfFrame(frame) === frameKind.notice)
    return frames.map(({ frame }) => unpackInner<ClaimNotice>(frame.subarray(2)))
  }
}

export interface SeenUser {
  readonly user: string
  readonly displayName: string | null
  readonly tier: string | null
  readonly attachedTo: readonly string[]
  readonly firstSeenAt: number | null
  readonly lastSeenAt: number | null
  readonly orders: readonly Order[]
  readonly counted: readonly unknown[]
}

export function resultOf<T>({ error, result }: CallResult<T>): T {
  if (error !== null) throw new Error(`refused: ${error.code}`)
  return result
}

/** When the world of a bed begins. */
export const began = new ManualWorld().clock.now()

/** `after`: ms from then on. */
export function news(user: string, claim: number, state: OrderState, after = 1_000 + claim): OrderNews {
  return {
    sku,
    claim,
    user,
    order: formatOrderId({ sku, incarnation: 'x1', claim }),
    qty: 1,
    amountMinor: 5_000,
    currency: 'EUR',
    state,
    updatedAt: began + after,
  }
}
