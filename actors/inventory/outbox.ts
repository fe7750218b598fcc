import type { OrderTask, QueuedOrder } from '../../cluster/queue.ts'
import type { Log } from '../../cluster/world.ts'
import { hashText } from '../../protocol/hash.ts'
import type { OrderId, SkuId } from '../../protocol/ids.ts'
import type { OrderState } from '../../protocol/results.ts'
import { claimState, orderStateName } from './claim.ts'
import type { InventoryState } from './inventory-state.ts'
import { isOpen } from './order-life.ts'
import { type Refund, refundKey } from './refunds.ts'
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
  readonly refundedMinor?: number
  readonly updatedAt: number
}

/** Where the shard hands things on; each resolves when the other side has them and rejects otherwise. */
export interface OutboxTargets {
  putOrder(id: string, order: QueuedOrder): Promise<void>
  /** Resolves when the session has the news durably. */
  tellSession(news: OrderNews): Promise<void>
  /** Tells the shard that the news of an ended order, or of a refund by its key, has arrived, so that it can put it away. */
  delivered(sku: SkuId, key: string): void
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

  /** Hands on every open order and refund that is due. Cost: one step per open order or refund. */
  pump(now: number): void {
    this.forgetClosed()
    for (const sku of this.state.skus) {
      for (const order of sku.orders.values()) {
        if (this.underWay >= underWayMax) return
        this.handOn(sku, order, now)
      }
      for (const refund of sku.refunds.inOutbox()) {
        if (this.underWay >= underWayMax) return
        this.handOn(sku, refund, now)
      }
    }
  }

  private handOn(sku: SkuState, item: Item, now: number): void {
    const attempt = this.attemptFor(sku, item)
    if (attempt.underWay || attempt.dueAt > now) return
    attempt.underWay = true
    attempt.count++
    this.underWay++
    const backoffMs = spread(Math.min(retryMostMs, retryFirstMs * 2 ** (attempt.count - 1)), attempt.key, attempt.count)
    this.targetOf(sku, item, attempt.count)
      .then(
        () => this.handedOn(sku, item, attempt, now + unsettledMs + backoffMs),
        (error: unknown) => this.failed(attempt, now + backoffMs, error),
      )
      .finally(() => {
        attempt.underWay = false
        this.underWay--
      })
  }

  /** What was handed on is handed on again if it is still the same at `dueAt`: the queue, or the word to the shard, may have been lost. */
  private handedOn(sku: SkuState, item: Item, attempt: Attempt, dueAt: number): void {
    attempt.dueAt = dueAt
    if (isOver(item)) this.targets.delivered(sku.settings.sku, attempt.key)
  }

  private failed(attempt: Attempt, dueAt: number, error: unknown): void {
    attempt.dueAt = dueAt
    const fields = { order: attempt.key, attempt: attempt.count, error: String(error) }
    this.targets.log.warn(fields, 'an open order could not be handed on; it will be tried again')
  }

  /** A new state of the order or refund begins its attempts anew. */
  private attemptFor(sku: SkuState, item: Item): Attempt {
    const key = keyOf(item)
    const known = this.attempts.get(key)
    if (known !== undefined && known.state === item.state) return known
    const isHere = isRefund(item) ? () => sku.refunds.isInOutbox(key) : () => sku.orders.has(item.claim)
    const attempt: Attempt = { key, state: item.state, isHere, count: 0, dueAt: 0, underWay: false }
    this.attempts.set(key, attempt)
    return attempt
  }

  private forgetClosed(): void {
    let open = 0
    for (const sku of this.state.skus) open += sku.orders.size + sku.refunds.outboxSize
    if (this.attempts.size <= open) return
    for (const [key, attempt] of this.attempts) if (!attempt.isHere()) this.attempts.delete(key)
  }

  private targetOf(sku: SkuState, item: Item, attempt: number): Promise<void> {
    if (isOver(item)) return this.targets.tellSession(isRefund(item) ? newsOfRefund(sku, item) : newsOf(sku, item))
    const { order, user, qty, amountMinor } = item
    const { currency } = sku.settings
    const common = { order, user, qty, amountMinor, currency, puts: attempt }
    if (isRefund(item)) {
      const refund = refundKey(item)
      return this.targets.putOrder(`${refund}/${this.epoch}.${attempt}`, { ...common, payment: '', kind: 'refund', refund })
    }
    // The state is part of the id: asking for an overdue order's outcome must not pass for a repeat of its first charge.
    const id = `${order}/${orderStateName(item.state)}/${this.epoch}.${attempt}`
    return this.targets.putOrder(id, { ...common, payment: item.payment, kind: taskOf(item.state) })
  }
}

/**
 * Between half and all of it, so that orders which failed together do not come back together. By the order and its attempt instead of by chance, so that a
 * shard draws nothing.
 */
function spread(ms: number, key: string, attempt: number): number {
  return Math.round(ms * (0.5 + hashText(`${key}/${attempt}`) / 0x2_0000_0000))
}

type Item = OpenOrder | Refund

interface Attempt {
  readonly key: string
  readonly state: Item['state']
  /** It is still in the outbox. */
  readonly isHere: () => boolean
  count: number
  dueAt: number
  underWay: boolean
}

function isRefund(item: Item): item is Refund {
  return 'requestHi' in item
}

function keyOf(item: Item): string {
  return isRefund(item) ? refundKey(item) : item.order
}

/** Its money has come to its end, and only the news of that is left. */
function isOver(item: Item): boolean {
  return isRefund(item) ? item.state !== 'open' : !isOpen(item.state)
}

function taskOf(state: number): OrderTask {
  if (state === claimState.pending) return 'charge'
  return state === claimState.overdue ? 'close' : 'refund'
}

function newsOfRefund(sku: SkuState, refund: Refund): OrderNews {
  const { claim, user, order, qty, orderMinor: amountMinor, refundedMinor, updatedAt } = refund
  const state = refundedMinor >= amountMinor ? 'refunded' : 'paid'
  return { ...skuOf(sku), claim, user, order, qty, amountMinor, state, refundedMinor, updatedAt }
}

function skuOf({ settings }: SkuState): Pick<OrderNews, 'sku' | 'currency'> {
  return { sku: settings.sku, currency: settings.currency }
}

function newsOf(sku: SkuState, order: OpenOrder): OrderNews {
  const { claim, user, qty, amountMinor, updatedAt } = order
  return { ...skuOf(sku), claim, user, order: order.order, qty, amountMinor, state: orderStateName(order.state), updatedAt }
}
