import type { OrderTask, QueuedOrder } from '../../cluster/queue.ts'
import type { Log } from '../../cluster/world.ts'
import { hashText } from '../../protocol/hash.ts'
import type { OrderId, SkuId } from '../../protocol/ids.ts'
import type { OrderState } from '../../protocol/results.ts'
import { claimState, orderStateName } from './claim.ts'
import type { InventoryState } from './inventory-state.ts'
import { isOpen } from './order-life.ts'
import type { OpenOrder, SkuState } from './sku-state.ts'

/** News of an order for its user's session. */
export interface OrderNews {
  readonly sku: SkuId
  readonly claim: number
  readonly user: string
  readonly order: OrderId
  readonly qty: number
  readonly amountMinor: number
  readonly currency: string
  readonly state: OrderState
  readonly updatedAt: number
}

/** Where the shard hands things on; each resolves when the other side has them and rejects otherwise. */
export interface OutboxTargets {
  putOrder(id: string, order: QueuedOrder): Promise<void>
  /** Resolves when the session has the news durably. */
  tellSession(news: OrderNews): Promise<void>
  /** Tells the shard that the news of an ended order has arrived, so that it can put the order away. */
  delivered(sku: SkuId, order: OrderId): void
  readonly log: Log
}

export const retryFirstMs = 1_000
export const retryMostMs = 30_000
/** An order that the queue took but nobody settled for this long is put again. */
export const unsettledMs = 15_000
/** Hand-overs under way at once, per shard. */
export const underWayMax = 1_024

/**
 * Hands on what open orders need: a charge, a refund, news. The set of open orders *is* the outbox (DESIGN.md section 8): nothing here is kept
 * anywhere else, so after a crash or a lost queue the new owner begins again from the state. Called only when the state is durable.
 */
export class Outbox {
  private readonly state: InventoryState
  private readonly targets: OutboxTargets
  private readonly epoch: number
  private readonly attempts = new Map<string, Attempt>()
  private underWay = 0

  constructor(state: InventoryState, targets: OutboxTargets, epoch: number) {
    this.state = state
    this.targets = targets
    this.epoch = epoch
  }

  /** Hands on every open order that is due. Cost: one step per open order. */
  pump(now: number): void {
    this.forgetClosed()
    for (const sku of this.state.skus) {
      for (const order of sku.orders.values()) {
        if (this.underWay >= underWayMax) return
        this.handOn(sku, order, now)
      }
    }
  }

  private handOn(sku: SkuState, order: OpenOrder, now: number): void {
    const attempt = this.attemptFor(sku, order)
    if (attempt.underWay || attempt.dueAt > now) return
    attempt.underWay = true
    attempt.count++
    this.underWay++
    const backoffMs = spread(Math.min(retryMostMs, retryFirstMs * 2 ** (attempt.count - 1)), order.order, attempt.count)
    this.targetOf(sku, order, attempt.count)
      .then(
        () => this.handedOn(sku, order, attempt, now + unsettledMs + backoffMs),
        (error: unknown) => this.failed(order, attempt, now + backoffMs, error),
      )
      .finally(() => {
        attempt.underWay = false
        this.underWay--
      })
  }

  /** What was handed on is handed on again if the order is still the same at `dueAt`: the queue, or the word to the shard, may have been lost. */
  private handedOn(sku: SkuState, order: OpenOrder, attempt: Attempt, dueAt: number): void {
    attempt.dueAt = dueAt
    if (!isOpen(order.state)) this.targets.delivered(sku.settings.sku, order.order)
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
    const attempt: Attempt = { sku, claim: order.claim, state: order.state, count: 0, dueAt: 0, underWay: false }
    this.attempts.set(order.order, attempt)
    return attempt
  }

  private forgetClosed(): void {
    let open = 0
    for (const sku of this.state.skus) open += sku.orders.size
    if (this.attempts.size <= open) return
    for (const [id, attempt] of this.attempts) if (!attempt.sku.orders.has(attempt.claim)) this.attempts.delete(id)
  }

  private targetOf(sku: SkuState, order: OpenOrder, attempt: number): Promise<void> {
    if (!isOpen(order.state)) return this.targets.tellSession(newsOf(sku, order))
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

interface Attempt {
  readonly sku: SkuState
  readonly claim: number
  readonly state: number
  count: number
  dueAt: number
  underWay: boolean
}

function taskOf(state: number): OrderTask {
  if (state === claimState.pending) return 'charge'
  return state === claimState.overdue ? 'close' : 'refund'
}

function newsOf(sku: SkuState, order: OpenOrder): OrderNews {
  const { claim, user, qty, amountMinor, updatedAt } = order
  const { sku: id, currency } = sku.settings
  return { sku: id, claim, user, order: order.order, qty, amountMinor, currency, state: orderStateName(order.state), updatedAt }
}
