import type { MetricSink, MetricSource } from '../../cluster/metrics.ts'
import type { Queue } from '../../cluster/queue.ts'
import type { World } from '../../cluster/world.ts'
import { op } from '../../protocol/entry.ts'
import type { OrderId } from '../../protocol/ids.ts'
import { packInner } from '../../protocol/inner-codec.ts'
import type { EndedOrder } from '../inventory/ended-order.ts'
import { Intake } from '../payment/intake.ts'
import { ServerGuard, type ServerGuardLimits } from '../payment/server-guard.ts'
import type { ShardCalls } from '../payment/shard-calls.ts'
import type { BackOffice } from './back-office.ts'

export const deliveryWorkerLimits: ServerGuardLimits = {
  concurrency: 16,
  answerDeadlineMs: 10_000,
  breaker: { failuresMax: 10, openFirstMs: 2_000, openMostMs: 60_000 },
}

export interface DeliveryWorkerParts {
  readonly queue: Pick<Queue<EndedOrder>, 'consume'>
  readonly office: BackOffice
  readonly calls: ShardCalls
  readonly world: World
  readonly limits?: Partial<ServerGuardLimits>
}

const server = {
  called: 'the back office',
  metric: 'sluice_office',
  breakerMetric: 'sluice_office_breaker_open',
  questions: ['take'],
} as const

/**
 * Brings ends of orders to the back office, each once it comes out of the queue, and tells the shard of those that have arrived. What has not is simply dropped:
 * the order's shard still has it, and puts it into the queue again, later each time (actors/inventory/outbox.ts). So nothing piles up here, however long
 * the office is away, and while the breaker is open nothing is sent.
 */
export class DeliveryWorker implements MetricSource {
  readonly counters = { taken: 0, failed: 0 }
  private readonly parts: DeliveryWorkerParts
  private readonly guard: ServerGuard<'take'>
  private readonly intake: Intake<EndedOrder>
  /** The last end of each order that is under way, no more than the queue hands out at a time. */
  private readonly underWay = new Map<OrderId, { readonly end: string; readonly done: Promise<void> }>()

  constructor(parts: DeliveryWorkerParts) {
    const limits = { ...deliveryWorkerLimits, ...parts.limits }
    this.parts = parts
    this.guard = new ServerGuard(server, { world: parts.world, limits, onChange: () => {} })
    this.intake = new Intake(parts.queue, parts.world.log, ({ order }) => this.deliver(order))
    this.intake.take(limits.concurrency)
  }

  async close(): Promise<void> {
    await this.intake.close()
    this.guard.stop()
  }

  collect(sink: MetricSink): void {
    for (const [outcome, count] of Object.entries(this.counters))
      sink.counter('sluice_office_deliveries_total', 'Ends of orders that were to be brought to the back office', count, { outcome })
    this.guard.collect(sink)
  }

  /** The ends of one order one after the other; one that the queue brings twice at a time is delivered once. */
  private async deliver(ended: EndedOrder): Promise<void> {
    const before = this.underWay.get(ended.order)
    if (before?.end === ended.end) return before.done
    const done = before === undefined ? this.bring(ended) : before.done.then(() => this.bring(ended))
    const own = { end: ended.end, done }
    this.underWay.set(ended.order, own)
    await done
    if (this.underWay.get(ended.order) === own) this.underWay.delete(ended.order)
  }

  private async bring(ended: EndedOrder): Promise<void> {
    const { office, calls, world } = this.parts
    const { end, sku, order } = ended
    if ((await this.guard.ask('take', order, () => office.take(ended))) === 'unknown') {
      this.counters.failed++
      return
    }
    this.counters.taken++
    const { error } = await calls.request('inv', calls.shardOfText(sku), { op: op.delivered, sku, payload: packInner(end) })
    if (error !== null) world.log.warn({ end, code: error.code }, 'an order that the back office has could not be put away yet')
  }
}
