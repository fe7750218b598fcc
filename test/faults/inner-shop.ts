import { InventoryActor } from '../../actors/inventory/inventory-actor.ts'
import { Outbox, type OutboxTargets } from '../../actors/inventory/outbox.ts'
import { PaymentWorker } from '../../actors/payment/payment-worker.ts'
import { SimulatedProvider } from '../../actors/payment/simulated-provider.ts'
import { Shard } from '../../actors/shard.ts'
import { Calls, type Command } from '../../cluster/calls.ts'
import { openLmdbStore } from '../../cluster/lmdb-store.ts'
import type { Durability } from '../../cluster/lmdb.ts'
import { LocalBus } from '../../cluster/local-bus.ts'
import { LocalQueue } from '../../cluster/local-queue.ts'
import { journalStart, type Position, shardName, type ShardName, type Store } from '../../cluster/store.ts'
import type { Log, World } from '../../cluster/world.ts'
import { realWorld } from '../../ops/world.ts'
import type { ShardBroadcast } from '../../protocol/broadcast.ts'
import { decodeClaim, decodeSkuStatus } from '../../protocol/client/result-decoders.ts'
import type { Code, Refusal } from '../../protocol/codes.ts'
import { op } from '../../protocol/entry.ts'
import { packInner, unpackInner } from '../../protocol/inner-codec.ts'
import type { ClaimState } from '../../protocol/results.ts'
import { saleFileSchema, settingsOfSale } from '../../protocol/sku-settings.ts'
import { publicSubject, shardSubject } from '../../protocol/subject.ts'
import { unitProblems } from '../checkers/units.ts'
import { innerSkus } from './inner-lines.ts'

export const innerShards = 2
export const innerStock = 10

const utf8 = new TextEncoder()
const limits = { mailboxBytesMax: 1024 * 1024, batchEntriesMax: 1_000, tickMs: 20, storeRetryMs: 100 }
const silent: Log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} }

export interface InnerOptions {
  readonly folder: string
  readonly durability: Durability
  /** Of each shard that can no longer act; a bug unless the test took the store away. */
  readonly onLost: (reason: Error) => void
}

/**
 * The inside of a node, without gateway and sockets: real inventory shards on the real store, orders that are paid, and calls made by hand over the
 * local bus. For tests of what may leave a shard, and when.
 */
export class InnerShop {
  /** Where each shard's journal ended when it was opened. */
  readonly recovered: readonly Position[]
  private readonly calls: Calls
  private readonly shards: readonly Shard[]
  private readonly bus: LocalBus
  private readonly closeStore: () => Promise<void>
  private readonly payments: PaymentWorker

  private constructor(parts: {
    recovered: readonly Position[]
    calls: Calls
    shards: readonly Shard[]
    bus: LocalBus
    payments: PaymentWorker
    closeStore: () => Promise<void>
  }) {
    this.recovered = parts.recovered
    this.calls = parts.calls
    this.shards = parts.shards
    this.bus = parts.bus
    this.payments = parts.payments
    this.closeStore = parts.closeStore
  }

  static async open({ folder, durability, onLost }: InnerOptions): Promise<InnerShop> {
    const world: World = realWorld(silent)
    const counts = { inv: innerShards, ses: innerShards }
    // The disk of whoever runs the tests may be fuller than a shop's should be.
    const store = await openLmdbStore({ folder, durability, archiveDays: 1, shards: counts, world, reserveBytes: 0 })
    const bus = new LocalBus(silent)
    const queue = new LocalQueue(world)
    const calls = new Calls({ bus, world, node: 'test', shards: innerShards, limits: { pendingMax: 10_000, callDeadlineMs: 60_000 } })
    const targets: OutboxTargets = {
      putOrder: (id, order) => queue.put(id, order),
      tellSession: async () => {},
      delivered: () => {},
      log: silent,
    }
    const shards: Shard[] = []
    const recovered: Position[] = []
    for (let shard = 0; shard < innerShards; shard++) {
      const name = shardName('inv', shard)
      const lease = await store.claim(name, 'test')
      recovered.push(await lastPosition(store, name))
      if (lease === 'taken') throw new Error(`${name} is taken`)
      const actor = new InventoryActor(shard)
      actor.useOutbox((state) => new Outbox(state, targets, lease.epoch))
      const subjects = { subject: shardSubject('inv', shard), publicSubject: publicSubject(shard) }
      shards.push(await Shard.open({ name, ...subjects, actor, store, bus, world, limits, onLost }, lease.epoch))
    }
    const provider = new SimulatedProvider(world, { delayMs: 5 })
    const payments = new PaymentWorker({ queue, provider, calls, world })
    const closeStore = async (): Promise<void> => {
      await queue.close()
      await store.close()
    }
    return new InnerShop({ recovered, calls, shards, bus, payments, closeStore })
  }

  /** The units of every SKU are all there (G1). */
  async unitProblems(): Promise<string[]> {
    const problems: string[] = []
    for (const sku of innerSkus) {
      const { error, result } = await this.calls.request('inv', this.calls.shardOfText(sku), { op: op.status, sku })
      if (error === null) problems.push(...unitProblems(decodeSkuStatus(result), innerStock))
      else problems.push(`${sku}: ${error.code}`)
    }
    return problems
  }

  /** What shards tell everybody. */
  onBroadcast(listener: (broadcast: ShardBroadcast) => void): void {
    for (let shard = 0; shard < innerShards; shard++) {
      this.bus.serve(publicSubject(shard), (frame) => listener(unpackInner<ShardBroadcast>(frame.slice(2))))
    }
  }

  async configure(sku: string): Promise<void> {
    const skus = [{ sku, title: sku, priceMinor: 100, stock: innerStock, holdTtlMs: 3_600_000, paymentTtlMs: 3_600_000 }]
    for (const settings of settingsOfSale(saleFileSchema.parse({ sale: sku, title: sku, opensAt: 0, skus }))) {
      const payload = packInner({ settings, incarnation: 'inc1' })
      const { error } = await this.calls.request('inv', this.calls.shardOfText(sku), { op: op.configure, payload })
      if (error !== null) throw new Error(error.message)
    }
  }

  buy(sku: string, user: string, requestId: string): Promise<ClaimState | Code> {
    return this.ask({ op: op.buy, sku, user, qty: 1, requestId })
  }

  leave(sku: string, user: string): Promise<ClaimState | Code> {
    return this.ask({ op: op.leave, sku, user })
  }

  claim(sku: string, user: string): Promise<ClaimState | Code> {
    return this.ask({ op: op.claim, sku, user })
  }

  checkout(sku: string, user: string, payment: string): Promise<ClaimState | Code> {
    return this.ask({ op: op.checkout, sku, user, payload: utf8.encode(payment) })
  }

  async close(): Promise<void> {
    await this.payments.close()
    for (const shard of this.shards) await shard.close()
    this.calls.close()
    await this.closeStore()
  }

  private async ask(command: Command & { readonly sku: string }): Promise<ClaimState | Code> {
    const { error, result } = await this.calls.request('inv', this.calls.shardOfText(command.sku), command)
    return codeOf(error) ?? decodeClaim(result)
  }
}

async function lastPosition(store: Store, name: ShardName): Promise<Position> {
  let last = journalStart
  for await (const { position } of store.readTail(name, journalStart)) last = position
  return last
}

function codeOf(error: Refusal | null): Code | undefined {
  return error?.code
}
