import type { BreakerState } from '../../cluster/circuit-breaker.ts'
import type { MetricSink, MetricSource } from '../../cluster/metrics.ts'
import type { Delivery, Queue, QueuedOrder } from '../../cluster/queue.ts'
import type { World } from '../../cluster/world.ts'
import { codeTable } from '../../protocol/codes.ts'
import { op } from '../../protocol/entry.ts'
import { type OrderId, type OrderParts, parseOrderId } from '../../protocol/ids.ts'
import { packInner } from '../../protocol/inner-codec.ts'
import type { OrderState } from '../../protocol/results.ts'
import type { Settlement } from '../inventory/decide-order.ts'
import { Intake } from './intake.ts'
import type { Charge, ChargeOutcome, PaymentProvider } from './payment-provider.ts'
import { type RetryLimits, RetryPauses } from './retry-pauses.ts'
import { ServerGuard, type ServerGuardLimits } from './server-guard.ts'
import type { ShardAnswer, ShardCalls } from './shard-calls.ts'
import { stateIn } from './told-state.ts'

export interface PaymentWorkerLimits extends RetryLimits, Omit<ServerGuardLimits, 'answerDeadlineMs'> {
  /** For one answer; after that the outcome is unknown. */
  readonly providerDeadlineMs: number
}

export const paymentWorkerLimits: PaymentWorkerLimits = {
  concurrency: 64,
  providerDeadlineMs: 10_000,
  breaker: { failuresMax: 20, openFirstMs: 2_000, openMostMs: 30_000 },
  triesMax: 8,
  retryFirstMs: 200,
  retryMostMs: 5_000,
}

const provider = {
  called: 'the payment provider',
  metric: 'sluice_payment_provider',
  breakerMetric: 'sluice_payment_breaker_open',
  questions: ['charge', 'query', 'close', 'refund'],
} as const

interface PaymentWorkerParts {
  readonly queue: Pick<Queue, 'consume'>
  readonly provider: PaymentProvider
  readonly calls: ShardCalls
  readonly world: World
  readonly limits?: Partial<PaymentWorkerLimits>
}

/** A charge that was made, or may have been. */
export type ChargedOrder = Omit<Charge, 'payment'> & { readonly order: OrderId }

/** An order goes back to the queue, which hands it out again later. */
export class PaymentFault extends Error {
  readonly code: 'PAYMENT_UNKNOWN' | 'REFUND_REFUSED' | 'SETTLE_UNKNOWN' | 'ORDER_UNREADABLE'

  constructor(code: PaymentFault['code'], message: string) {
    super(message)
    this.code = code
  }
}

/**
 * Takes orders from the queue, moves the money and tells the inventory. Every step may happen again, after a crash or because the queue delivers
 * twice: the order's id is the provider's idempotency key, so a repeat does not charge again, and the first settlement that counts decides.
 *
 *     charge -> paid | declined                           -> settle, until the shard has said yes or no
 *            -> unknown -> query ... -> paid | declined   (absent -> charge)
 *     close  -> paid | declined                           -> settle
 *     refund -> refunded | refused                        -> settle
 *            -> absent -> close -> declined               -> settle that it is absent   (paid -> refund)
 *            of a paid order: refunded | refused          -> settle that refund
 *
 * What is not known after so many tries goes back to the queue, and what the queue loses comes again from the journal. While the provider fails, orders
 * stay in the queue; then one at a time tries whether it works again.
 */
export class PaymentWorker implements MetricSource {
  readonly counters = { paid: 0, declined: 0, refunded: 0, absent: 0, refused: 0, givenBack: 0, returned: 0, settledBefore: 0 }
  private readonly parts: PaymentWorkerParts
  private readonly limits: PaymentWorkerLimits
  private readonly guard: ServerGuard<(typeof provider.questions)[number]>
  private readonly pauses: RetryPauses
  private readonly intake: Intake<QueuedOrder>
  private readonly underWay = new Map<string, Promise<void>>()

  constructor(parts: PaymentWorkerParts) {
    this.parts = parts
    this.limits = { ...paymentWorkerLimits, ...parts.limits }
    this.guard = new ServerGuard(provider, {
      world: parts.world,
      limits: { ...this.limits, answerDeadlineMs: this.limits.providerDeadlineMs },
      onChange: (state) => this.intake.take(this.orderMax(state)),
    })
    this.pauses = new RetryPauses(parts.world, this.limits)
    this.intake = new Intake(parts.queue, parts.world.log, (delivery) => this.deliver(delivery))
    this.intake.take(this.limits.concurrency)
  }

  /** Takes no more orders; what is under way ends soon, and what cannot goes back to the queue. */
  async close(): Promise<void> {
    this.pauses.end()
    await this.intake.close()
    this.guard.stop()
  }

  /** The provider has something to say about a charge, so it is asked now and not at its turn. Rejects if the outcome is not known yet. */
  look(order: ChargedOrder): Promise<void> {
    this.pauses.hurry(order.order)
    const key = chargeKey(order.order)
    return this.underWay.get(key) ?? this.begin(key, () => this.settleKnown(order))
  }

  /** What the provider says of a charge; nothing follows from it here. */
  ask(order: OrderId): Promise<ChargeOutcome | 'absent'> {
    return this.guard.ask('query', order, () => this.parts.provider.query(order))
  }

  collect(sink: MetricSink): void {
    const { givenBack, settledBefore, ...counters } = this.counters
    const byOutcome = { ...counters, given_back: givenBack, settled_before: settledBefore }
    for (const [outcome, count] of Object.entries(byOutcome)) {
      sink.counter('sluice_payments_total', 'Orders that payment workers have worked on, by what came of it', count, { outcome })
    }
    sink.gauge('sluice_payments_under_way', 'Orders that payment workers work on', this.underWay.size)
    this.guard.collect(sink)
  }

  private orderMax(state: BreakerState): number {
    return { closed: this.limits.concurrency, 'half-open': 1, open: 0 }[state]
  }

  /** The same order delivered twice at a time is worked on once. */
  private deliver({ order }: Delivery): Promise<void> {
    const key = order.kind === 'refund' ? (order.refund ?? wholeRefundKey(order.order)) : chargeKey(order.order)
    return this.underWay.get(key) ?? this.begin(key, () => this.work(order))
  }

  private begin(key: string, run: () => Promise<void>): Promise<void> {
    const work = run().finally(() => this.underWay.delete(key))
    this.underWay.set(key, work)
    return work
  }

  private async work(order: QueuedOrder): Promise<void> {
    try {
      const id = orderParts(order.order)
      if (order.puts > 1 && order.kind === 'charge' && (await this.isSettled(id))) this.counters.settledBefore++
      else if (order.kind === 'refund') await this.refund(order, id)
      else await this.conclude(order, id, await (order.kind === 'close' ? this.closed(order) : this.charged(order)))
    } catch (error) {
      this.counters.returned++
      this.parts.world.log.warn({ order: order.order, error: String(error) }, 'an order goes back to the queue')
      throw error
    }
  }

  /**
   * The queue may be so long that an order is put many times until its turn has come. The first of these moves the money, and the rest must not keep the
   * provider from those that wait behind them.
   */
  private async isSettled(id: OrderParts): Promise<boolean> {
    const { error, result } = await this.tell(id, 'unknown')
    // One that ended so long ago that it was put away is not known, and one that was lost is.
    if (error !== null) return codeTable[error.code].retry === 'never'
    return wantsNoCharge.has(stateIn(result))
  }

  private async settleKnown(order: ChargedOrder): Promise<void> {
    const id = orderParts(order.order)
    const outcome = await this.ask(order.order)
    if (outcome === 'unknown' || outcome === 'absent') throw unknownPayment(order.order)
    await this.conclude(order, id, outcome)
  }

  private async conclude(order: ChargedOrder, id: OrderParts, outcome: 'paid' | 'declined'): Promise<void> {
    const state = await this.settle(order, id, outcome)
    if (outcome === 'declined') this.counters.declined++
    else if (state === 'declined' || state === 'cancelled') {
      // It never was an order, for its store has lost it: nothing stands against that money, so it goes back (G8).
      if ((await this.giveBack(order)) === 'refused') throw refusedRefund(order.order)
      this.counters.givenBack++
    } else this.counters.paid++
  }

  private async refund(order: QueuedOrder, id: OrderParts): Promise<void> {
    const outcome = await (order.refund === undefined ? this.giveBack(order) : this.refundPaid(order, order.refund))
    await this.settle(order, id, outcome, order.refund)
    this.counters[outcome]++
    // The order has its end, and nothing puts it again: the queue keeps it for somebody to see to.
    if (outcome === 'refused') throw refusedRefund(order.order)
  }

  private async charged(order: QueuedOrder): Promise<'paid' | 'declined'> {
    const charges = this.parts.provider
    let outcome: 'paid' | 'declined' | 'unknown' | 'absent' = 'absent'
    for (let tried = 1; ; tried++) {
      outcome = await (outcome === 'absent'
        ? this.guard.ask('charge', order.order, () => charges.charge(order, order.order))
        : this.ask(order.order))
      if (outcome === 'paid' || outcome === 'declined') return outcome
      if (!(await this.pauses.before(tried, order.order))) throw unknownPayment(order.order)
    }
  }

  private async closed(order: ChargedOrder): Promise<'paid' | 'declined'> {
    for (let tried = 1; ; tried++) {
      const outcome = await this.closeCharge(order.order)
      if (outcome !== 'unknown') return outcome
      if (!(await this.pauses.before(tried, order.order))) throw unknownPayment(order.order)
    }
  }

  private closeCharge(order: OrderId): Promise<ChargeOutcome> {
    return this.guard.ask('close', order, () => this.parts.provider.closeCharge(order))
  }

  /** Resolves when none of the buyer's money is left with the provider and none can come any more, or when the provider keeps it. */
  private async giveBack(order: ChargedOrder): Promise<'refunded' | 'absent' | 'refused'> {
    const { amountMinor, currency } = order
    const refund = { charge: order.order, amountMinor, currency }
    for (let tried = 1; ; tried++) {
      const outcome = await this.guard.ask('refund', order.order, () => this.parts.provider.refund(refund, wholeRefundKey(order.order)))
      if (outcome === 'refunded' || outcome === 'refused') return outcome
      // Nothing was taken so far, and a charge may be on its way.
      if (outcome === 'absent' && (await this.closeCharge(order.order)) === 'declined') return 'absent'
      if (!(await this.pauses.before(tried, order.order)))
        throw new PaymentFault('PAYMENT_UNKNOWN', `whether ${order.order} is refunded is not known yet`)
    }
  }

  /** A refund of an order that is paid. A provider that knows of no charge for it gives nothing back. */
  private async refundPaid({ order, amountMinor, currency }: QueuedOrder, key: string): Promise<'refunded' | 'refused'> {
    const refund = { charge: order, amountMinor, currency }
    for (let tried = 1; ; tried++) {
      const outcome = await this.guard.ask('refund', order, () => this.parts.provider.refund(refund, key))
      if (outcome !== 'unknown') return outcome === 'refunded' ? 'refunded' : 'refused'
      if (!(await this.pauses.before(tried, key))) throw new PaymentFault('PAYMENT_UNKNOWN', `whether ${key} is done is not known yet`)
    }
  }

  /** Tells the inventory until it has said yes or no; resolves with the order's state, or undefined if the inventory has put the order away. */
  private async settle(order: ChargedOrder, id: OrderParts, outcome: Settlement['outcome'], refund?: string): Promise<string | undefined> {
    const { world } = this.parts
    for (let tried = 1; ; tried++) {
      const { error, result } = await this.tell(id, outcome, refund)
      if (error === null) return stateIn(result)
      if (codeTable[error.code].retry === 'never') {
        world.log.info({ order: order.order, outcome, code: error.code }, 'the inventory has put this order away already')
        return undefined
      }
      if (!(await this.pauses.before(tried, order.order)))
        throw new PaymentFault('SETTLE_UNKNOWN', `${order.order} could not be settled yet: ${error.code}`)
    }
  }

  private tell(id: OrderParts, outcome: Settlement['outcome'], refund?: string): Promise<ShardAnswer> {
    const { calls } = this.parts
    const settled: Settlement = { incarnation: id.incarnation, claim: id.claim, outcome }
    const settlement = refund === undefined ? settled : { ...settled, refund }
    return calls.request('inv', calls.shardOfText(id.sku), { op: op.settle, sku: id.sku, payload: packInner(settlement) })
  }
}

/** Not `cancelled`: a worker is told so of an order that its store has lost, whose money has to go back. */
const wantsNoCharge: ReadonlySet<string | undefined> = new Set<OrderState>(['paid', 'declined', 'refunding', 'refunded', 'unrefunded'])

function orderParts(order: OrderId): OrderParts {
  const id = parseOrderId(order)
  if (id === undefined) throw new PaymentFault('ORDER_UNREADABLE', `${order} is not an order id`)
  return id
}

function unknownPayment(order: OrderId): PaymentFault {
  return new PaymentFault('PAYMENT_UNKNOWN', `whether ${order} is paid is not known yet`)
}

function refusedRefund(order: OrderId): PaymentFault {
  return new PaymentFault('REFUND_REFUSED', `the provider does not give back ${order}`)
}

/** Under which work on a charge is known while it is under way. */
function chargeKey(order: OrderId): string {
  return `charge ${order}`
}

/** Of the refund of everything that an order cost, which is made once. */
function wholeRefundKey(order: OrderId): string {
  return `${order}/refund`
}
