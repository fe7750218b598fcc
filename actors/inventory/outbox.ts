import type { OrderTask, QueuedOrder } from '../../cluster/queue.ts'
import type { Log } from '../../cluster/world.ts'
import { hashText } from '../../protocol/hash.ts'
import type { OrderId, SkuId } from '../../protocol/ids.ts'
import { claimState, orderStateName } from './claim.ts'
import { type EndedOrder, endedOrderOf, endIdOf, newsOf, type OrderNews } from './ended-order.ts'
import type { InventoryState } from './inventory-state.ts'
import { isOpen } from './order-life.ts'
import type { OpenOrder, SkuState } from './sku-state.ts'

/** Where the shard hands things on; each resolves when the other side has them and rejects otherwise. */
export interface OutboxTargets {
  putOrder(id: string, order: QueuedOrder): Promise<void>
  /** Resolves when the session has the news durably. */
  tellSession(news: OrderNews): Promise<void>
  /** Puts the end of an order into the queue of the back office, behind which somebody tells the shard that it has arrived. Absent where there is none. */
  readonly putEnd?: (id: string, ended: EndedOrder) => Promise<void>
  /** Tells the shard that everyone has this end of an order, so that it can put the order away. */
  delivered(sku: SkuId, end: string): void
  readonly log: Log
}

export const retryFirstMs = 1_000
export const retryMostMs = 30_000
/** An order that the queue took but nobody settled for this long is put again. */
export const unsettledMs = 15_000
/** A back office may be away for a night, and an end that it has and nobody told of is sent to it again. */
export const officeRetryMostMs = 300_000
/** Hand-overs under way at once, per shard; ends for the back office on their own, so that payments never wait for it. */
export const underWayMax = 1_024
/** With this many open orders a look through them takes some ten microseconds; there is none again before that is a hundredth of the time. */
const ordersPerRestMs = 100

/**
 * Hands on what open orders need: a charge, a refund, and when they have ended news for the user's session, then for the back office: an order is put away when
 * everyone has its end. The set of open orders *is* the outbox (DESIGN.md section 8): nothing here is kept
 * anywhere else, so after a crash or a lost queue the new owner begins again from the state. Called only when the state is durable.
 */
export class Outbox {
  private readonly state: InventoryState
  private readonly targets: OutboxTargets
  private readonly epoch: number
  private readonly attempts = new Map<string, Attempt>()
  private readonly underWay = { payment: 0, session: 0, office: 0 }
  private restsUntil = 0

  constructor(state: InventoryState, targets: OutboxTargets, epoch: number) {
    this.state = state
    this.targets = targets
    this.epoch = epoch
  }

  /** Hands on every open order that is due. Cost: one step per open order, and the more there are, the longer until it looks again. */
  pump(now: number): void {
    if (now < this.restsUntil) return
    let open = 0
    for (const sku of this.state.skus) {
      open += sku.orders.size
      for (const order of sku.orders.values()) this.handOn(sku, order, now)
    }
    this.restsUntil = now + Math.floor(open / ordersPerRestMs)
    this.forgetClosed(open)
  }

  /** How often the present end of this order has been put into the queue of the back office. */
  triesOf(order: string): number {
    const attempt = this.attempts.get(order)
    return attempt?.sessionHas === true ? attempt.count : 0
  }

  private handOn(sku: SkuState, order: OpenOrder, now: number): void {
    const attempt = this.attemptFor(sku, order)
    if (attempt.underWay || attempt.dueAt > now) return
    const step = this.stepOf(order, attempt)
    if (this.underWay[step] >= underWayMax) return
    attempt.underWay = true
    attempt.count++
    this.underWay[step]++
    const mostMs = step === 'office' ? officeRetryMostMs : retryMostMs
    const backoffMs = spread(Math.min(mostMs, retryFirstMs * 2 ** (attempt.count - 1)), order.order, attempt.count)
    this.take(step, sku, order, attempt.count)
      .then(
        () => this.handedOn(step, sku, order, attempt, now + unsettledMs + backoffMs),
        (error: unknown) => this.failed(order, attempt, now + backoffMs, error),
      )
      .finally(() => {
        attempt.underWay = false
        this.underWay[step]--
      })
  }

  /** What was handed on is handed on again if the order is still the same at `dueAt`: the queue, or the word to the shard, may have been lost. */
  private handedOn(step: Step, sku: SkuState, order: OpenOrder, attempt: Attempt, dueAt: number): void {
    if (step === 'session' && this.targets.putEnd !== undefined) {
      attempt.sessionHas = true
      attempt.count = 0
      return
    }
    attempt.dueAt = dueAt
    if (step === 'session') this.targets.delivered(sku.settings.sku, endIdOf(order))
  }

  private failed(order: OpenOrder, attempt: Attempt, dueAt: number, error: unknown): void {
    attempt.dueAt = dueAt
    const fields = { order: order.order, attempt: attempt.count, error: String(error) }
    this.targets.log.warn(fields, 'an open order could not be handed on; it will be tried again')
  }

  /** A new state of the order begins its attempts anew. */
  private attemptFor(sku: SkuState, order: OpenOrder): Attempt {
    const known = this.attempts.get(order.order)
    if (known !== undefined && known.state === order.state) return known
    const attempt: Attempt = { sku, claim: order.claim, state: order.state, count: 0, dueAt: 0, underWay: false, sessionHas: false }
    this.attempts.set(order.order, attempt)
    return attempt
  }

  private forgetClosed(open: number): void {
    if (this.attempts.size <= open) return
    for (const [id, attempt] of this.attempts) if (!attempt.sku.orders.has(attempt.claim)) this.attempts.delete(id)
  }

  private stepOf(order: OpenOrder, attempt: Attempt): Step {
    if (isOpen(order.state)) return 'payment'
    return attempt.sessionHas ? 'office' : 'session'
  }

  private async take(step: Step, sku: SkuState, order: OpenOrder, attempt: number): Promise<void> {
    if (step === 'session') return this.targets.tellSession(newsOf(sku, order))
    if (step === 'office') return this.targets.putEnd?.(`${endIdOf(order)}/${this.epoch}.${attempt}`, endedOrderOf(sku, order))
    const { user, qty, amountMinor, payment } = order
    const kind = taskOf(order.state)
    const queued: QueuedOrder = {
      order: order.order,
      user,
      qty,
      amountMinor,
      currency: sku.settings.currency,
      payment,
      kind,
      puts: attempt,
    }
    // The state is part of the id: asking for an overdue order's outcome must not pass for a repeat of its first charge.
    return this.targets.putOrder(`${order.order}/${orderStateName(order.state)}/${this.epoch}.${attempt}`, queued)
  }
}

/**
 * Between half and all of it, so that orders which failed together do not come back together. By the order and its attempt instead of by chance, so that a
 * shard draws nothing.
 */
function spread(ms: number, order: OrderId, attempt: number): number {
  return Math.round(ms * (0.5 + hashText(`${order}/${attempt}`) / 0x2_0000_0000))
}

type Step = 'payment' | 'session' | 'office'

interface Attempt {
  readonly sku: SkuState
  readonly claim: number
  readonly state: number
  count: number
  dueAt: number
  underWay: boolean
  /** Of an order that has ended; next comes the back office. */
  sessionHas: boolean
}

function taskOf(state: number): OrderTask {
  if (state === claimState.pending) return 'charge'
  return state === claimState.overdue ? 'close' : 'refund'
}
