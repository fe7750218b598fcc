import { Calls, type Command } from '../../cluster/calls.ts'
import { shardName } from '../../cluster/store.ts'
import { op } from '../../protocol/entry.ts'
import { packInner } from '../../protocol/inner-codec.ts'
import type { Plain } from '../../protocol/msgpack-writer.ts'
import type { SkuSettings } from '../../protocol/sku-settings.ts'
import { publicSubject, replySubject, type ShardKind, shardSubject } from '../../protocol/subject.ts'
import { AbsenceWatch } from '../inventory/absence-watch.ts'
import { InventoryActor } from '../inventory/inventory-actor.ts'
import { ReservationReports } from '../inventory/reservation-reports.ts'
import { ReservationRepeats } from '../session/reservation-repeats.ts'
import { SessionActor } from '../session/session-actor.ts'
import { WriteBehind } from '../session/write-behind.ts'
import { Shard } from '../shard.ts'
import { incarnation, settingsOf } from './inventory-rig.ts'
import { ManualWorld } from './manual-world.ts'
import { MemoryBus } from './memory-bus.ts'
import { MemoryStore } from './memory-store.ts'

const limits = { mailboxBytesMax: 1 << 20, batchEntriesMax: 256, tickMs: 50, storeRetryMs: 100 }
const sessionLimits = { usersMax: 2, writeAfterMs: 200, askEveryMs: 8_000 }
const callLimits = { pendingMax: 1_000, callDeadlineMs: 500 }

/** What one user has of one SKU, or what their session counts. */
export type Units = Readonly<Record<string, number>>

/** One inventory and one session shard of the real code with their stores and calls, and a gateway's way to buy in a sale with a limit of its own. */
export class LimitedShop {
  readonly world = new ManualWorld()
  readonly bus = new MemoryBus()
  readonly skus: readonly string[]
  /** Places that ended by their users' absence. */
  readonly absence = { ended: 0 }
  private readonly limit: number
  private readonly stores = { inv: new MemoryStore(), ses: new MemoryStore() }
  private readonly gateway = this.callsOf('gateway')
  private readonly owners = new Map<ShardKind, { readonly shard: Shard; readonly calls: Calls }>()
  private runs = 0

  private constructor(skus: readonly string[], limit: number) {
    this.skus = skus
    this.limit = limit
  }

  static async open(skus: readonly string[], limit: number, wish: Partial<SkuSettings> = {}): Promise<LimitedShop> {
    const shop = new LimitedShop(skus, limit)
    await shop.takeOver('inv')
    await shop.takeOver('ses')
    for (const sku of skus) {
      const made = settingsOf({ sku, stock: 10, perUserMax: 5, holdTtlMs: 3_025, paymentTtlMs: 5_025 })
      const settings = { ...made, saleLimitPerUser: limit, ...wish }
      await shop.ask('inv', { op: op.configure, payload: packInner({ settings, incarnation }) })
    }
    await shop.world.pass(100)
    return shop
  }

  /** The owner of a shard is gone with all that it had in memory, and another takes over. */
  async takeOver(kind: ShardKind): Promise<void> {
    const { world, bus } = this
    await this.lose(kind)
    const name = shardName(kind, 0)
    const store = this.stores[kind]
    const { epoch } = await store.claim(name)
    const calls = this.callsOf(`${kind}${++this.runs}`)
    const actor = kind === 'inv' ? this.inventory(calls) : this.sessions(calls, epoch)
    const parts = { name, subject: shardSubject(kind, 0), actor, store, bus, world, limits, onLost: thrown }
    const shard = await world.settled(Shard.open(kind === 'inv' ? { ...parts, publicSubject: publicSubject(0) } : parts, epoch))
    this.owners.set(kind, { shard, calls })
  }

  /** Sets units aside, as a gateway does; it may die then. */
  reserve(user: string, sku: string, qty = 1): Promise<Plain> {
    const settings = settingsOf({ sku })
    const request = { sku: settings.sku, sale: settings.sale, qty, limit: this.limit }
    return this.ask('ses', { op: op.reserve, user, payload: packInner(request) })
  }

  /** The second half of a `buy`. */
  buyWith(user: string, sku: string, reserved: Plain, requestId: string, qty = 1): Promise<Plain> {
    return this.ask('inv', { op: op.reservedBuy, user, sku, qty, requestId, payload: packInner(reserved) })
  }

  async buy(user: string, sku: string, requestId: string, qty = 1): Promise<Plain> {
    const reserved = await this.reserve(user, sku, qty)
    return typeof reserved === 'string' ? reserved : this.buyWith(user, sku, reserved, requestId, qty)
  }

  leave(user: string, sku: string): Promise<Plain> {
    return this.ask('inv', { op: op.leave, user, sku })
  }

  checkout(user: string, sku: string): Promise<Plain> {
    return this.ask('inv', { op: op.checkout, user, sku, payload: new TextEncoder().encode('tok') })
  }

  settle(sku: string, order: string, outcome: string): Promise<Plain> {
    return this.ask('inv', { op: op.settle, sku, payload: packInner({ ...nameOf(order), outcome }) })
  }

  /** The user gives an order up whose payment may be under way. */
  cancel(user: string, sku: string, order: string): Promise<Plain> {
    return this.ask('inv', { op: op.orderCancel, user, sku, payload: packInner(nameOf(order)) })
  }

  /** Word of a gateway that the user is there, or is not any more. */
  attach(user: string, gateway = 'phone'): Promise<Plain> {
    return this.ask('ses', { op: op.attach, user, payload: packInner({ gateway: replySubject(gateway) }) })
  }

  detach(user: string, gateway = 'phone'): Promise<Plain> {
    return this.ask('ses', { op: op.detach, user, payload: packInner({ gateway: replySubject(gateway) }) })
  }

  claim(user: string, sku: string): Promise<Plain> {
    return this.ask('inv', { op: op.claim, user, sku })
  }

  setPhase(sku: string, phase: string): Promise<Plain> {
    return this.ask('inv', { op: op.setPhase, sku, payload: packInner({ phase }) })
  }

  /** Nobody owns the shard from now on. */
  async lose(kind: ShardKind): Promise<void> {
    const { world } = this
    const owner = this.owners.get(kind)
    if (owner === undefined) return
    await world.settled(owner.shard.close())
    owner.calls.close()
    this.owners.delete(kind)
  }

  /** What the user has of each SKU, in the shard's own words; nothing of what it does not speak of. */
  async has(user: string): Promise<Units> {
    const units: Record<string, number> = {}
    for (const sku of this.skus) {
      const report = await this.ask('inv', { op: op.reservationAsk, user, sku, payload: packInner({ number: 0 }) })
      if (isRecord(report)) units[sku] = Number(report['live']) + Number(report['bought'])
    }
    return units
  }

  /** What the user's session counts of each SKU; nothing at all if it does not say. */
  async counts(user: string): Promise<Units> {
    const seen = await this.ask('ses', { op: op.userGet, user })
    if (!isRecord(seen)) return {}
    const units: Record<string, number> = Object.fromEntries(this.skus.map((sku) => [sku, 0]))
    const { counted } = seen
    for (const one of Array.isArray(counted) ? counted : [])
      if (isRecord(one)) units[String(one['sku'])] = Number(one['open']) + Number(one['bought'])
    return units
  }

  /** The result, or the code of a refusal. */
  private async ask(kind: ShardKind, command: Command): Promise<Plain> {
    const { error, result } = await this.world.settled(this.gateway.request(kind, 0, command))
    return error === null ? result : error.code
  }

  private inventory(calls: Calls): InventoryActor {
    const actor = new InventoryActor(0)
    actor.useReports((state) => new ReservationReports(state, calls, this.world.log))
    actor.useAbsence((state) => new AbsenceWatch(state, calls, this.world.log, this.absence))
    return actor
  }

  private sessions(calls: Calls, epoch: number): SessionActor {
    const { log } = this.world
    const actor = new SessionActor(sessionLimits)
    const shard = shardName('ses', 0)
    actor.useRecords((state) => new WriteBehind(state, { records: this.stores.ses, shard, epoch, limits: sessionLimits, log }))
    actor.useRepeats((open) => new ReservationRepeats(open, calls, sessionLimits.askEveryMs, log))
    return actor
  }

  private callsOf(node: string): Calls {
    return new Calls({ bus: this.bus, world: this.world, node, shards: 1, limits: callLimits })
  }
}

function nameOf(order: string): { readonly incarnation: string; readonly claim: number } {
  const [, name = '', claim = ''] = order.split(':')
  return { incarnation: name, claim: Number.parseInt(claim, 36) }
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function thrown(reason: Error): void {
  throw reason
}
