import { expect } from 'vitest'
import type { QueuedOrder } from '../../cluster/queue.ts'
import type { Code } from '../../protocol/codes.ts'
import { op } from '../../protocol/entry.ts'
import { formatOrderId } from '../../protocol/ids.ts'
import { unpackInner } from '../../protocol/inner-codec.ts'
import type { Settlement } from '../inventory/decide-order.ts'
import type { Charge, ChargeOutcome, PaymentProvider, Refund, RefundOutcome } from '../payment/payment-provider.ts'
import type { ShardAnswer, ShardCalls, ShardCommand } from '../payment/shard-calls.ts'
import { skuId } from './ids.ts'
import type { ManualWorld } from './manual-world.ts'

const sku = skuId('shoe')

/** The order of one pair of shoes. */
export function orderOf(claim: number, kind: QueuedOrder['kind'] = 'charge'): QueuedOrder {
  const order = formatOrderId({ sku, incarnation: 'x1', claim })
  return { order, user: 'ann', qty: 1, amountMinor: 5_000, currency: 'EUR', payment: 'tok_ok', kind, puts: 1 }
}

/** A provider that answers what a test says, in order, and `then` from there on. */
export class ScriptedProvider implements PaymentProvider {
  readonly asked: string[] = []
  charges: readonly (ChargeOutcome | 'fails' | 'hangs')[] = []
  queries: readonly (ChargeOutcome | 'absent' | 'fails')[] = []
  refunds: readonly RefundOutcome[] = []
  closings: readonly ChargeOutcome[] = []
  atOnce = 0
  atOnceMost = 0
  takesMs = 10
  private readonly world: ManualWorld

  constructor(world: ManualWorld) {
    this.world = world
  }

  async charge(_charge: Charge, key: string): Promise<ChargeOutcome> {
    const answer = this.next('charge', key, this.charges, 'paid')
    if (answer === 'fails') throw new Error('the provider is down')
    if (answer === 'hangs') return new Promise<ChargeOutcome>(() => {})
    return this.later(answer)
  }

  async query(key: string): Promise<ChargeOutcome | 'absent'> {
    const answer = this.next('query', key, this.queries, 'paid')
    if (answer === 'fails') throw new Error('the provider is down')
    return this.later(answer)
  }

  closeCharge(key: string): Promise<ChargeOutcome> {
    return this.later(this.next('close', key, this.closings, 'declined'))
  }

  refund({ charge, amountMinor, currency }: Refund, key: string): Promise<RefundOutcome> {
    expect({ charge, amountMinor, currency }).toEqual({ charge: 'shoe:x1:1', amountMinor: 5_000, currency: 'EUR' })
    return this.later(this.next('refund', key, this.refunds, 'refunded'))
  }

  asks(kind: string): number {
    return this.asked.filter((one) => one.startsWith(kind)).length
  }

  private next<T>(kind: string, key: string, script: readonly T[], then: T): T {
    const answer = script[this.asks(kind)] ?? then
    this.asked.push(`${kind} ${key}`)
    return answer
  }

  private async later<T>(answer: T): Promise<T> {
    this.atOnce++
    this.atOnceMost = Math.max(this.atOnceMost, this.atOnce)
    await new Promise<void>((resolve) => {
      this.world.timers.after(this.takesMs, resolve)
    })
    this.atOnce--
    return answer
  }
}

/** An inventory that answers settlements with what a test says, in order, and with the outcome itself from there on. */
export class ScriptedInventory implements ShardCalls {
  readonly settled: Settlement[] = []
  answers: readonly (Code | { readonly state: string })[] = []
  /** What it says when it is only asked. */
  asked: Code | { readonly state: string } = 'UNAVAILABLE'

  shardOfText(): number {
    return 3
  }

  async request(kind: string, shard: number, command: ShardCommand): Promise<ShardAnswer> {
    expect([kind, shard, command.op, command.sku]).toEqual(['inv', 3, op.settle, sku])
    const settlement = unpackInner<Settlement>(command.payload)
    if (settlement.outcome === 'unknown') return typeof this.asked === 'string' ? refusal(this.asked) : { error: null, result: this.asked }
    const answer = this.answers[this.settled.length] ?? { state: settlement.outcome }
    this.settled.push(settlement)
    return typeof answer === 'string' ? refusal(answer) : { error: null, result: answer }
  }

  get outcomes(): readonly string[] {
    return this.settled.map((settlement) => settlement.outcome)
  }
}

function refusal(code: Code): ShardAnswer {
  return { error: { code, message: code }, result: null }
}
