import { delay, type World } from '../../../cluster/world.ts'
import { ClientCore } from '../../../protocol/client/client-core.ts'
import { SluiceError } from '../../../protocol/client/index.ts'
import { type OperatorCalls, operatorCalls } from '../../../protocol/client/operator-calls.ts'
import { SocketConnection } from '../../../protocol/client/socket-connection.ts'
import { msgpackSubprotocol } from '../../../protocol/envelope.ts'
import type { SaleChangeInput } from '../../../protocol/sale-change.ts'
import type { SaleFileInput } from '../../../protocol/sku-settings.ts'
import { operatorToken } from '../cluster/gateway-process.ts'
import type { Reached } from '../reached.ts'
import type { SeededRandom } from '../seeded-random.ts'
import type { SimDevice } from '../sim-device.ts'
import type { SimSockets } from '../sim-sockets.ts'
import { BeaconBringer, type BeaconWitness } from './beacon-bringer.ts'

type SkuChange = NonNullable<SaleChangeInput['skus']>[number]

const pendingMax = 100
const deadlineMs = 10_000
const againMs = 200

export interface OperatorParts {
  readonly device: SimDevice
  readonly sockets: SimSockets
  readonly sale: SaleFileInput
  readonly random: SeededRandom
  readonly reached: Reached
  /** What buyers show who want their money back. */
  readonly paidOrders: () => readonly string[]
  readonly witness: BeaconWitness
}

/** Puts the sale up, disturbs it as operators do, and ends it. Every deed is tried until it is known to be done. */
export class SimOperator {
  /** Units put in after the sale was made, by SKU: what the operator knows to have been taken. */
  readonly restocked = new Map<string, number>()
  private readonly world: World
  private readonly calls: OperatorCalls
  private readonly sale: SaleFileInput
  private readonly random: SeededRandom
  private readonly reached: Reached
  private readonly paidOrders: () => readonly string[]
  private readonly beacons: BeaconBringer

  constructor({ device, sockets, sale, random, reached, paidOrders, witness }: OperatorParts) {
    this.world = device.process.world
    this.sale = sale
    this.random = random
    this.reached = reached
    this.paidOrders = paidOrders
    const address = {
      url: 'ws://shop/v1/ws',
      subprotocol: msgpackSubprotocol,
      Socket: sockets.webSocketOf(device),
      token: async () => operatorToken,
    } as const
    const core = new ClientCore({
      world: device.world,
      dial: (handlers) => new SocketConnection(address, handlers),
      limits: { deadlineMs, pendingMax, repeatBusy: true },
      resumes: false,
      renews: false,
    })
    this.calls = operatorCalls(device.world, core)
    this.beacons = new BeaconBringer({ world: this.world, calls: this.calls, sale, random: random.fork('beacons'), witness })
  }

  create(): Promise<void> {
    return this.insist(() => this.calls.saleCreate(this.sale))
  }

  bringBeacons(forMs: number): Promise<void> {
    return this.beacons.bring(forMs)
  }

  /** Until `endAt`, by the true time. */
  async disturb(untilMs: number): Promise<void> {
    const { timers, clock } = this.world
    const began = clock.monotonic()
    while (clock.monotonic() - began < untilMs) {
      await delay(timers, this.random.between(2_000, 15_000))
      if (this.random.is(0.4)) await this.pause()
      else if (this.random.is(0.5)) await this.refund()
      else await this.restock(this.random.pick(this.sale.skus).sku, this.random.between(1, 5))
    }
  }

  /** Now and then somebody wants to be forgotten, who may come again at once. */
  async erase(users: readonly string[], forMs: number): Promise<void> {
    const { timers, clock } = this.world
    const random = this.random.fork('erasures')
    const began = clock.monotonic()
    while (clock.monotonic() - began < forMs) {
      await delay(timers, random.between(500, 5_000))
      const user = random.pick(users)
      await this.insist(async () => {
        await this.calls.eraseUser(user)
        this.reached.count('erased user')
      })
    }
  }

  /** Now and then the sale gets another price, limit or time; whoever holds something keeps what was promised. */
  async edit(forMs: number): Promise<void> {
    const { timers, clock } = this.world
    const random = this.random.fork('edits')
    const began = clock.monotonic()
    while (clock.monotonic() - began < forMs) {
      await delay(timers, random.between(500, 6_000))
      const { sku } = random.pick(this.sale.skus)
      const change = random.pick<Omit<SkuChange, 'sku'>>([
        { priceMinor: random.between(1, 10_000) },
        { priceMinor: random.between(1, 10_000), perUserMax: random.between(1, 3) },
        { perUserMax: random.between(1, 3), lineMax: random.pick([2, 6, 100]) },
        { holdTtlMs: random.pick([1_000, 2_000, 6_000]), paymentTtlMs: random.pick([1_000, 3_000, 8_000]) },
        { grantsPerSecond: random.pick([0, 1, 5]) },
      ])
      const requestId = `edit.${random.id(8)}`
      await this.insist(async () => {
        await this.calls.saleUpdate({ sale: this.sale.sale, skus: [{ sku, ...change }] }, { requestId })
        this.reached.count('edited sale')
      })
    }
  }

  /** Somebody noticed that it is sold out. */
  async restockSoon(sku: string): Promise<void> {
    await delay(this.world.timers, this.random.between(0, 1_000))
    await this.restock(sku, this.random.between(2, 20))
  }

  async close(): Promise<void> {
    await this.insist(() => this.calls.saleClose(this.sale.sale))
  }

  private async pause(): Promise<void> {
    await this.insist(() => this.calls.salePause(this.sale.sale))
    this.reached.count('paused sale')
    await delay(this.world.timers, this.random.between(100, 4_000))
    await this.insist(() => this.calls.saleResume(this.sale.sale))
  }

  /** Somebody wants their money back: all of it, or a part. */
  private async refund(): Promise<void> {
    const orders = this.paidOrders()
    if (orders.length === 0) return
    const order = this.random.pick(orders)
    const requestId = `refund.${this.random.id(8)}`
    const amountMinor = this.random.is(0.5) ? {} : { amountMinor: this.random.between(1, 6_000) }
    await this.insist(() => this.calls.orderRefund(order, { ...amountMinor, requestId }))
  }

  private async restock(sku: string, units: number): Promise<void> {
    // The same id each time, so that trying again adds nothing.
    const requestId = `restock.${this.random.id(8)}`
    await this.insist(() => this.calls.restock(sku, units, { requestId }))
    this.restocked.set(sku, (this.restocked.get(sku) ?? 0) + units)
    this.reached.count('restocked sale')
  }

  private async insist(deed: () => Promise<unknown>): Promise<void> {
    for (;;) {
      try {
        await deed()
        return
      } catch (error) {
        if (!(error instanceof SluiceError)) throw error
        this.world.log.info({ code: error.code, message: error.message }, 'the operator tries again')
        // A failover has lost the sale itself.
        if (error.code === 'UNKNOWN_SKU' || error.code === 'UNKNOWN_SALE') await this.create()
        // An order that a failover has lost, or of which not so much is left.
        if (error.code === 'UNKNOWN_ORDER' || error.code === 'NOT_REFUNDABLE') return
        // Something of them is under way.
        if (error.code === 'USER_ACTIVE') return
        // There is one with other settings, which it was given since; or it is too late to change them.
        if (error.code === 'FORBIDDEN') return
        // A sale in a state in which this cannot be done is as good as one in which it was done.
        if (error.code === 'CLOSED' || error.code === 'NOT_OPEN' || error.code === 'PAUSED') return
        await delay(this.world.timers, againMs)
      }
    }
  }
}
