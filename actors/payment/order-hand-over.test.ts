import { describe, expect, test } from 'vitest'
import { type CallResult, decodePlain } from '../../cluster/call-codec.ts'
import { Calls } from '../../cluster/calls.ts'
import { LocalQueue } from '../../cluster/local-queue.ts'
import type { Queue } from '../../cluster/queue.ts'
import { shardName } from '../../cluster/store.ts'
import { op, type Op } from '../../protocol/entry.ts'
import { packInner } from '../../protocol/inner-codec.ts'
import type { ClaimState, Order, SkuStatus } from '../../protocol/results.ts'
import { type ShardKind, shardSubject } from '../../protocol/subject.ts'
import type { Actor } from '../actor.ts'
import { InventoryActor } from '../inventory/inventory-actor.ts'
import { Outbox } from '../inventory/outbox.ts'
import { SessionActor, sessionLimits } from '../session/session-actor.ts'
import { WriteBehind } from '../session/write-behind.ts'
import { Shard } from '../shard.ts'
import { incarnation, settingsOf } from '../testing/inventory-rig.ts'
import { ManualWorld } from '../testing/manual-world.ts'
import { MemoryBus } from '../testing/memory-bus.ts'
import { MemoryStore } from '../testing/memory-store.ts'
import { orderTargets } from './order-targets.ts'
import { PaymentLedger } from './payment-ledger.ts'
import { PaymentWorker } from './payment-worker.ts'
import { SimulatedProvider, type SimulatedSettings, simulatedTokens } from './simulated-provider.ts'

const utf8 = new TextEncoder()
const priceMinor = 1_999

interface Lasting {
  readonly world: ManualWorld
  readonly store: MemoryStore
  readonly ledger: PaymentLedger
  readonly provider: Partial<SimulatedSettings>
}

/** One process: an inventory shard and a session shard, a queue, a worker and its provider. What lasts goes into the next one. */
class Process {
  readonly lasting: Lasting
  readonly bus: MemoryBus
  readonly calls: Calls
  readonly queue: LocalQueue
  readonly worker: PaymentWorker
  /** While true, the queue takes orders and loses them. */
  readonly loses: { queue: boolean }

  private constructor(parts: { lasting: Lasting; bus: MemoryBus; calls: Calls; queue: LocalQueue; loses: { queue: boolean } }) {
    this.lasting = parts.lasting
    this.bus = parts.bus
    this.calls = parts.calls
    this.queue = parts.queue
    this.loses = parts.loses
    const { world, ledger, provider } = parts.lasting
    const simulated = new SimulatedProvider(world, provider, ledger)
    this.worker = new PaymentWorker({ queue: parts.queue, provider: simulated, calls: parts.calls, world })
  }

  static async start(lasting: Partial<Lasting> = {}): Promise<Process> {
    const { world = new ManualWorld(), store = new MemoryStore(), ledger = new PaymentLedger(), provider = {} } = lasting
    const bus = new MemoryBus()
    const calls = new Calls({ bus, world, node: 'node', shards: 1, limits: { pendingMax: 10_000, callDeadlineMs: 2_000 } })
    const queue = new LocalQueue(world)
    const loses = { queue: false }
    const lossy: Pick<Queue, 'put'> = { put: async (id, order) => (loses.queue ? undefined : queue.put(id, order)) }

    const open = async (kind: ShardKind, make: (epoch: number) => Actor): Promise<void> => {
      const { epoch } = await store.claim(shardName(kind, 0))
      const limits = { mailboxBytesMax: 1 << 20, batchEntriesMax: 256, tickMs: 50, storeRetryMs: 100 }
      const parts = { name: shardName(kind, 0), subject: shardSubject(kind, 0), actor: make(epoch), store, bus, world, limits }
      await world.settled(
        Shard.open(
          {
            ...parts,
            onLost: (reason) => {
              throw reason
            },
          },
          epoch,
        ),
      )
    }
    await open('inv', (epoch) => {
      const actor = new InventoryActor(0)
      actor.useOutbox((state) => new Outbox(state, orderTargets({ queue: lossy, calls, log: world.log }), epoch))
      return actor
    })
    await open('ses', (epoch) => {
      const actor = new SessionActor()
      actor.useRecords(
        (state) => new WriteBehind(state, { records: store, shard: shardName('ses', 0), epoch, limits: sessionLimits, log: world.log }),
      )
      return actor
    })
    return new Process({ lasting: { world, store, ledger, provider }, bus, calls, queue, loses })
  }

  /** Dies at once: nothing of it reaches anybody any more. The next process has the same store and the same provider. */
  async crash(provider: Partial<SimulatedSettings> = this.lasting.provider): Promise<Process> {
    await this.bus.close()
    this.calls.close()
    this.loses.queue = true
    return Process.start({ ...this.lasting, provider })
  }

  async configure(overrides: Parameters<typeof settingsOf>[0] = {}): Promise<void> {
    const settings = settingsOf({ priceMinor, ...overrides })
    await this.ask('inv', { op: op.configure, payload: packInner({ settings, incarnation }) })
    await this.world.pass(200)
  }

  get world(): ManualWorld {
    return this.lasting.world
  }

  buy(user: string): Promise<ClaimState> {
    return this.ask('inv', { op: op.buy, sku: 'shoe', user, qty: 1 })
  }

  claim(user: string): Promise<ClaimState> {
    return this.ask('inv', { op: op.claim, sku: 'shoe', user })
  }

  checkout(user: string, token: string): Promise<ClaimState> {
    return this.ask('inv', { op: op.checkout, sku: 'shoe', user, payload: utf8.encode(token) })
  }

  status(): Promise<SkuStatus> {
    return this.ask('inv', { op: op.status, sku: 'shoe' })
  }

  history(user: string): Promise<readonly Order[]> {
    return this.ask('ses', { op: op.orderList, user, payload: packInner(null) })
  }

  /** Asks until the user's claim has this state. */
  async untilClaim(user: string, state: ClaimState['state'], withinMs = 300_000): Promise<void> {
    await this.untilAsked(`${user} is ${state}`, async () => (await this.claim(user)).state === state, withinMs)
  }

  async untilAsked(what: string, holds: () => Promise<boolean>, withinMs = 300_000): Promise<void> {
    const deadline = this.world.clock.now() + withinMs
    while (!(await holds())) {
      if (this.world.clock.now() > deadline) throw new Error(`within ${withinMs} ms there was no moment at which ${what}`)
      await this.world.pass(50)
    }
  }

  private async ask<T>(kind: ShardKind, command: { op: Op; sku?: string; user?: string; qty?: number; payload?: Uint8Array }): Promise<T> {
    const { error, result }: CallResult<T> = await this.world.settled(this.calls.request<T>(kind, 0, command, decodePlain))
    if (error !== null) throw new Error(`refused: ${error.code}`)
    return result
  }
}

/** Money that the provider keeps. */
function takings(process: Process): number {
  return process.lasting.ledger.balances().get('EUR') ?? 0
}

describe('an order on its way', () => {
  test('PAY-30 is charged, sold, and told to its user', async () => {
    const process = await Process.start()
    await process.configure({ stock: 2 })
    expect((await process.buy('ann')).state).toBe('held')
    const order = await process.checkout('ann', 'visa')
    expect(order.state).toBe('pending')
    await process.untilClaim('ann', 'paid')
    expect(await process.status()).toMatchObject({ available: 1, held: 0, ordered: 0, sold: 1 })
    expect(takings(process)).toBe(priceMinor)
    await process.untilAsked('the news arrived', async () => (await process.history('ann')).length === 1)
    expect(await process.history('ann')).toMatchObject([{ ...order, state: 'paid', sku: 'shoe' }])
    // Once its user's session has it, the order is put away and nobody works on it again.
    const { sent } = process.bus
    await process.world.pass(1_000)
    sent.length = 0
    await process.world.pass(120_000)
    expect(sent.filter(({ subject }) => subject === shardSubject('ses', 0))).toEqual([])
  })

  test('PAY-31 is released to the next in line when the payment is declined', async () => {
    const process = await Process.start()
    await process.configure({ stock: 1 })
    await process.buy('ann')
    expect((await process.buy('bob')).state).toBe('queued')
    await process.checkout('ann', simulatedTokens.declined)
    await process.untilClaim('bob', 'held', 10_000)
    expect((await process.claim('ann')).state).toBe('declined')
    expect(takings(process)).toBe(0)
    await process.untilAsked('the news arrived', async () => (await process.history('ann'))[0]?.state === 'declined')
  })

  test('PAY-32 comes back when the queue lost it', async () => {
    const process = await Process.start()
    await process.configure({ paymentTtlMs: 600_000 })
    await process.buy('ann')
    process.loses.queue = true
    await process.checkout('ann', 'visa')
    await process.world.pass(20_000)
    expect((await process.claim('ann')).state).toBe('pending')
    process.loses.queue = false
    await process.untilClaim('ann', 'paid')
    expect(takings(process)).toBe(priceMinor)
  })

  test('PAY-33 is charged once and settled once when the process dies between the two', async () => {
    const before = await Process.start()
    await before.configure({ paymentTtlMs: 600_000 })
    await before.buy('ann')
    await before.checkout('ann', 'visa')
    await before.world.until('the money is taken', () => before.lasting.ledger.size === 1)
    const after = await before.crash()
    expect((await after.claim('ann')).state).toBe('pending')
    await after.untilClaim('ann', 'paid')
    expect(takings(after)).toBe(priceMinor)
    expect(after.lasting.ledger.size).toBe(1)
    expect(await after.status()).toMatchObject({ available: 2, ordered: 0, sold: 1 })
    await after.untilAsked('the news arrived', async () => (await after.history('ann')).length === 1)
  })

  test('PAY-34 is refunded when it is paid too late and someone else has the unit', async () => {
    const process = await Process.start({ provider: { slowDelayMs: 20_000 } })
    await process.configure({ stock: 1, paymentTtlMs: 5_000, holdTtlMs: 600_000 })
    await process.buy('ann')
    await process.buy('bob')
    await process.checkout('ann', simulatedTokens.slow)
    await process.untilClaim('bob', 'held')
    expect((await process.claim('ann')).state).toBe('overdue')
    await process.untilClaim('ann', 'refunded')
    expect(takings(process)).toBe(0)
    await process.untilAsked('the news arrived', async () => (await process.history('ann'))[0]?.state === 'refunded')
    await process.checkout('bob', 'visa')
    await process.untilClaim('bob', 'paid')
    expect(takings(process)).toBe(priceMinor)
  })

  test('PAY-34 is sold when it is paid too late and the unit is still free', async () => {
    const process = await Process.start({ provider: { slowDelayMs: 20_000 } })
    await process.configure({ stock: 1, paymentTtlMs: 5_000 })
    await process.buy('ann')
    await process.checkout('ann', simulatedTokens.slow)
    await process.untilClaim('ann', 'overdue')
    await process.untilClaim('ann', 'paid')
    expect(takings(process)).toBe(priceMinor)
  })

  test('PAY-35 tells its user later when the session could not be reached', async () => {
    const process = await Process.start()
    await process.configure()
    process.bus.lose(shardSubject('ses', 0), true)
    await process.buy('ann')
    await process.checkout('ann', 'visa')
    await process.untilClaim('ann', 'paid')
    await process.world.pass(30_000)
    process.bus.lose(shardSubject('ses', 0), false)
    await process.untilAsked('the news arrived', async () => (await process.history('ann')).length === 1)
    expect(await process.history('ann')).toMatchObject([{ state: 'paid' }])
  })

  test('PAY-36 ends one way or the other, and money and units agree, through declines, unknown outcomes, losses and crashes', async () => {
    const provider = { declineShare: 0.3, unknownShare: 0.3 }
    let process = await Process.start({ provider })
    const buyers = Array.from({ length: 60 }, (_, i) => `user-${i}`)
    await process.configure({ stock: 40, paymentTtlMs: 600_000, holdTtlMs: 600_000 })
    for (const user of buyers) await process.buy(user)
    for (let round = 0; round < 4; round++) {
      process.loses.queue = round % 2 === 1
      for (const user of buyers) if ((await process.claim(user)).state === 'held') await process.checkout(user, 'visa')
      await process.world.pass(round * 170)
      process = await process.crash()
    }
    await process.untilAsked('every order has ended', async () => {
      for (const user of buyers) if ((await process.claim(user)).state === 'held') await process.checkout(user, 'visa')
      const { held, ordered } = await process.status()
      return held + ordered === 0
    })
    const { available, sold } = await process.status()
    expect(available + sold).toBe(40)
    expect(sold).toBeGreaterThan(20)
    expect(takings(process)).toBe(sold * priceMinor)
    const states = await Promise.all(buyers.map(async (user) => (await process.claim(user)).state))
    expect(states.filter((state) => state === 'paid')).toHaveLength(sold)
  })
})
