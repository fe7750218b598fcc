import { decodeInner } from '../../cluster/call-codec.ts'
import type { Calls } from '../../cluster/calls.ts'
import type { MetricSink, MetricSource } from '../../cluster/metrics.ts'
import type { Queue } from '../../cluster/queue.ts'
import type { World } from '../../cluster/world.ts'
import { op } from '../../protocol/entry.ts'
import type { OrderId } from '../../protocol/ids.ts'
import { packInner } from '../../protocol/inner-codec.ts'
import type { EndedOrder } from '../inventory/ended-order.ts'
import type { OwedEnd, OwedEnds, OwedQuestion } from '../inventory/owed-ends.ts'
import type { DeadOrder, DeadSource } from '../payment/dead-source.ts'
import { RegularLook } from '../payment/regular-look.ts'

export interface LateEndsParts {
  readonly queue: Pick<Queue<EndedOrder>, 'put'>
  readonly shards: number
  readonly calls: Pick<Calls, 'request'>
  readonly world: World
  /** An end that the office does not have after this time is an operator's business. */
  readonly lateMs: number
}

const lookEveryMs = 60_000
/** Of one shard; an operator needs to see that there are many, and `orders retry` can be said again. */
const endsMax = 200

/**
 * Ends of orders that the back office does not have though it should by now. Asked of the shards, whose journals say what is owed: nothing is kept here. They
 * are tried on and on all the same, every few minutes.
 */
export class LateEnds implements DeadSource, MetricSource {
  private readonly parts: LateEndsParts
  private readonly regular: RegularLook
  private owed = 0
  private late = 0

  constructor(parts: LateEndsParts) {
    this.parts = parts
    this.regular = new RegularLook(parts.world, lookEveryMs, 'what the back office does not have', () => this.look())
  }

  async list(): Promise<readonly DeadOrder[]> {
    const ends = await this.look()
    return ends.map(({ order, user, amountMinor, currency, state, tries }) => ({
      ...{ order, user, amountMinor, currency, kind: 'deliver', state, attempts: tries },
      reason: 'the back office does not take it',
    }))
  }

  async retry(wanted: ReadonlySet<string> | 'all'): Promise<readonly OrderId[]> {
    const { queue, world } = this.parts
    const put: OrderId[] = []
    for (const { tries: _, ...ended } of await this.look()) {
      if (wanted !== 'all' && !wanted.has(ended.order)) continue
      await queue.put(`${ended.end}/retry/${world.clock.now()}`, ended)
      put.push(ended.order)
    }
    return put
  }

  close(): Promise<void> {
    return this.regular.close()
  }

  collect(sink: MetricSink): void {
    sink.gauge('sluice_office_owed', 'Ends of orders that the back office does not have yet, at the last look', this.owed)
    sink.gauge('sluice_office_late', 'Those that it should have by now', this.late)
  }

  private async look(): Promise<readonly OwedEnd[]> {
    const { calls, shards, world, lateMs } = this.parts
    const question: OwedQuestion = { endedBefore: world.clock.now() - lateMs, limit: endsMax }
    const payload = packInner(question)
    const numbers = Array.from({ length: shards }, (_, shard) => shard)
    const answers = await Promise.all(numbers.map((shard) => calls.request('inv', shard, { op: op.owed, payload }, decodeInner<OwedEnds>)))
    // A shard without an owner says nothing now, and will.
    const told = answers.flatMap(({ result }) => (result === null ? [] : [result]))
    const late = told.flatMap(({ ends }) => ends)
    this.owed = told.reduce((sum, { count }) => sum + count, 0)
    this.late = late.length
    return late
  }
}
