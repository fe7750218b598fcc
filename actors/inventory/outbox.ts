import type { MetricSink } from '../../cluster/metrics.ts'
import type { QueuedOrder } from '../../cluster/queue.ts'
import type { Log } from '../../cluster/world.ts'
import { hashText } from '../../protocol/hash.ts'
import type { SkuId } from '../../protocol/ids.ts'
import type { EndedOrder, OrderNews } from './ended-order.ts'
import type { InventoryState } from './inventory-state.ts'
import { endIdOfItem, endOf, isInOutbox, isOver, keyOf, type OutboxItem, taskOf } from './outbox-item.ts'
import type { SkuState } from './sku-state.ts'

/** What the outboxes of a node have handed on, and what could not be: by who was to have it. */
export class OutboxCounters {
  readonly handedOn = { payment: 0, session: 0, office: 0 }
  readonly failed = { payment: 0, session: 0, office: 0 }

  collect(sink: MetricSink): void {
    for (const [to, count] of Object.entries(this.handedOn))
      sink.counter('sluice_outbox_handed_on_total', 'Open and ended orders that were handed on, by who has them', count, { to })
    for (const [to, count] of Object.entries(this.failed))
      sink.counter('sluice_outbox_failures_total', 'Orders that could not be handed on and are tried again', count, { to })
  }
}

/** Where the shard hands things on; each resolves when the other side has them and rejects otherwise. */
export interface OutboxTargets {
  putOrder(id: string, order: QueuedOrder): Promise<void>
  /** Resolves when the session has the news durably. */
  tellSession(news: OrderNews): Promise<void>
  /** Puts the end of an order into the queue of the back office, behind which somebody tells the shard that it has arrived. Absent where there is none. */
  readonly putEnd?: (id: string, ended: EndedOrder) => Promise<void>
  /** Tells the shard that everyone has this end of an order, or this refund, so that it can be put away. */
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
  private readonly counters: OutboxCounters
  private readonly attempts = new Map<string, Attempt>()
  private readonly underWay = { payment: 0, session: 0, office: 0 }
  private restsUntil = 0

  constructor(state: InventoryState, targets: OutboxTargets, epoch: number, counters = new OutboxCounters()) {
    this.state = state
    this.targets = targets
    this.epoch = epoch
    this.counters = counters
  }

  /** Hands on every open order and refund that is due. Cost: one step for each, and the more there are, the longer until it looks again. */
  pump(now: number): void {
    if (now < this.restsUntil) return
    let open = 0
    for (const sku of this.state.skus) {
      open += sku.orders.size + sku.refunds.outboxSize
      for (const order of sku.orders.values()) this.handOn(sku, order, now)
      for (const refund of sku.refunds.inOutbox()) this.handOn(sku, refund, now)
    }
    this.restsUntil = now + Math.floor(open / ordersPerRestMs)
    this.forgetClosed(open)
  }

  /** How often the present end of this order or refund has been put into the queue of the back office. */
  triesOf(key: string): number {
    const attempt = this.attempts.get(key)
    return attempt?.sessionHas === true ? attempt.count : 0
  }

  private handOn(sku: SkuState, item: OutboxItem, now: number): void {
    const attempt = this.attemptFor(sku, item)
    if (attempt.underWay || attempt.dueAt > now) return
    const step = stepOf(item, attempt)
    if (this.underWay[step] >= underWayMax) return
    attempt.underWay = true
    attempt.count++
    this.underWay[step]++
    const mostMs = step === 'office' ? officeRetryMostMs : retryMostMs
    const backoffMs = spread(Math.min(mostMs, retryFirstMs * 2 ** (attempt.count - 1)), keyOf(item), attempt.count)
    this.take(step, sku, item, attempt.count)
      .then(
        () => this.handedOn(step, sku, item, attempt, now + unsettledMs + backoffMs),
        (error: unknown) => this.failed(step, item, attempt, now + backoffMs, error),
      )
      .finally(() => {
        attempt.underWay = false
        this.underWay[step]--
      })
  }

  /** What was handed on is handed on again if it is still the same at `dueAt`: the queue, or the word to the shard, may have been lost. */
  private handedOn(step: Step, sku: SkuState, item: OutboxItem, attempt: Attempt, dueAt: number): void {
    this.counters.handedOn[step]++
    if (step === 'session' && this.targets.putEnd !== undefined) {
      attempt.sessionHas = true
      attempt.count = 0
      return
    }
    attempt.dueAt = dueAt
    if (step === 'session') this.targets.delivered(sku.settings.sku, endIdOfItem(item))
  }

  private failed(step: Step, item: OutboxItem, attempt: Attempt, dueAt: number, error: unknown): void {
    this.counters.failed[step]++
    attempt.dueAt = dueAt
    const fields = { order: keyOf(item), attempt: attempt.count, error: String(error) }
    this.targets.log.warn(fields, 'an open order could not be handed on; it will be tried again')
  }

  /** A new state of the order or refund begins its attempts anew. */
  private attemptFor(sku: SkuState, item: OutboxItem): Attempt {
    const key = keyOf(item)
    const known = this.attempts.get(key)
    if (known !== undefined && known.state === item.state) return known
    const isHere = (): boolean => isInOutbox(sku, item)
    const attempt: Attempt = { state: item.state, isHere, count: 0, dueAt: 0, underWay: false, sessionHas: false }
    this.attempts.set(key, attempt)
    return attempt
  }

  private forgetClosed(open: number): void {
    if (this.attempts.size <= open) return
    for (const [key, attempt] of this.attempts) if (!attempt.isHere()) this.attempts.delete(key)
  }

  private async take(step: Step, sku: SkuState, item: OutboxItem, attempt: number): Promise<void> {
    const suffix = `${this.epoch}.${attempt}`
    if (step === 'payment') {
      const { name, order } = taskOf(sku, item, attempt)
      return this.targets.putOrder(`${name}/${suffix}`, order)
    }
    const { end, ...news } = endOf(sku, item)
    return step === 'session' ? this.targets.tellSession(news) : this.targets.putEnd?.(`${end}/${suffix}`, { ...news, end })
  }
}

/**
 * Between half and all of it, so that orders which failed together do not come back together. By the order and its attempt instead of by chance, so that a
 * shard draws nothing.
 */
function spread(ms: number, key: string, attempt: number): number {
  return Math.round(ms * (0.5 + hashText(`${key}/${attempt}`) / 0x2_0000_0000))
}

function stepOf(item: OutboxItem, attempt: Attempt): Step {
  if (!isOver(item)) return 'payment'
  return attempt.sessionHas ? 'office' : 'session'
}

type Step = 'payment' | 'session' | 'office'

interface Attempt {
  readonly state: OutboxItem['state']
  /** It is still in the outbox. */
  readonly isHere: () => boolean
  count: number
  dueAt: number
  underWay: boolean
  /** Of an order that has ended; next comes the back office. */
  sessionHas: boolean
}
