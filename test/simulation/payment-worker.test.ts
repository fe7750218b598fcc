import { expect, test } from 'vitest'
import type { Settlement } from '../../actors/inventory/decide-order.ts'
import { PaymentWorker } from '../../actors/payment/payment-worker.ts'
import type { ShardAnswer, ShardCalls, ShardCommand } from '../../actors/payment/shard-calls.ts'
import type { Queue } from '../../cluster/queue.ts'
import { formatOrderId, parseSkuId } from '../../protocol/ids.ts'
import { unpackInner } from '../../protocol/inner-codec.ts'
import { Reached } from './reached.ts'
import { SimProvider } from './sim-provider.ts'
import { SimQueue } from './sim-queue.ts'
import { SmallWorld } from './small-world.ts'
import { calmProvider, calmQueue } from './weather.ts'

type State = 'pending' | 'overdue' | 'refunding' | 'paid' | 'declined' | 'cancelled' | 'refunded'

const ordersCount = 20
const payWithinMs = 8_000
const stormMs = 60_000
const calmMs = 60_000
const tokens = ['visa', 'tok_ok', 'tok_slow', 'tok_declined']

/** The law of orders, without an inventory behind it: who pays in time has the units, who pays late has them if the number divides by 3. */
class Orders implements ShardCalls {
  readonly states: State[] = Array<State>(ordersCount).fill('pending')

  shardOfText(): number {
    return 0
  }

  async request(_kind: string, _shard: number, { payload }: ShardCommand): Promise<ShardAnswer> {
    const { claim, outcome } = unpackInner<Settlement>(payload)
    const state = this.states[claim]
    if (state === undefined) return { error: { code: 'UNKNOWN_ORDER', message: 'no such order' }, result: null }
    const next = this.after(state, outcome, claim)
    this.states[claim] = next
    return { error: null, result: { state: next } }
  }

  /** Some buyers give up while nobody knows how far their charges are. */
  cancelSome(): void {
    for (const [claim, state] of this.states.entries()) if (state === 'pending' && claim % 4 === 1) this.states[claim] = 'refunding'
  }

  passDeadline(): void {
    for (const [claim, state] of this.states.entries()) if (state === 'pending') this.states[claim] = 'overdue'
  }

  private after(state: State, outcome: Settlement['outcome'], claim: number): State {
    if (state === 'pending' && (outcome === 'paid' || outcome === 'declined')) return outcome
    if (state === 'overdue' && outcome === 'declined') return 'declined'
    if (state === 'overdue' && outcome === 'paid') return claim % 3 === 0 ? 'paid' : 'refunding'
    if (state === 'refunding' && outcome === 'refunded') return 'refunded'
    if (state === 'refunding' && outcome === 'absent') return 'cancelled'
    return state
  }
}

/** Workers that die again and again, over a queue and a provider that do everything they may. */
async function settleOrders(
  seed: number,
): Promise<{ readonly world: SmallWorld; readonly orders: Orders; readonly provider: SimProvider }> {
  const world = new SmallWorld(seed)
  const { scheduler } = world
  const random = world.random.fork('workers')
  const provider = new SimProvider(world)
  const sim = new SimQueue(world)
  const orders = new Orders()
  const queue = sim.connect(world.process('shard'))
  provider.weather = {
    ...calmProvider,
    slowShare: 0.2,
    slowMs: { fromMs: 500, toMs: 15_000 },
    failShare: 0.1,
    answerLostShare: 0.1,
    laterShare: 0.1,
    unknownShare: 0.1,
    doubleShare: 0.2,
  }
  sim.weather = { ...calmQueue, failShare: 0.1, answerLostShare: 0.1, doubleShare: 0.3, ackLostShare: 0.1 }

  const employ = (name: string, isLast: boolean): void => {
    const worker = world.process(name)
    const limits = { concurrency: 4, providerDeadlineMs: 1_000, triesMax: 3, retryFirstMs: 100, retryMostMs: 500 }
    const parts = { queue: sim.connect(worker), provider: provider.connect(worker), calls: orders, world: worker.world, limits }
    expect(new PaymentWorker(parts).counters.paid).toBe(0)
    if (isLast) return
    scheduler.after(random.between(2_000, 10_000), () => {
      worker.crash()
      employ(name, scheduler.now > startedAt + stormMs)
    })
  }
  const startedAt = scheduler.now
  employ('worker-1', false)
  employ('worker-2', false)
  scheduler.after(random.between(0, 4_000), () => orders.cancelSome())
  scheduler.after(payWithinMs, () => orders.passDeadline())
  for (const atMs of [1_500, 4_500, 20_000]) scheduler.after(atMs, () => sim.loseEverything())
  for (let round = 0; round * 3_000 < stormMs + calmMs; round++) {
    scheduler.after(round * 3_000, () => putOpen(queue, orders, round))
  }
  await world.pass(stormMs)
  provider.healAll()
  sim.healAll()
  await world.pass(calmMs)
  return { world, orders, provider }
}

const sku = parseSkuId('shoe')

function orderId(claim: number) {
  if (sku === undefined) throw new Error('not a SKU')
  return formatOrderId({ sku, incarnation: 'x1', claim })
}

function putOpen(queue: Queue, orders: Orders, round: number): void {
  for (const [claim, state] of orders.states.entries()) {
    if (state !== 'pending' && state !== 'overdue' && state !== 'refunding') continue
    const order = orderId(claim)
    const kind = ({ pending: 'charge', overdue: 'close', refunding: 'refund' } as const)[state]
    const payment = tokens[claim % tokens.length] ?? 'visa'
    const put = { order, user: 'ann', qty: 1, amountMinor: 100 + claim, currency: 'EUR', payment, kind, puts: round + 1 } as const
    // A put that fails is made again in the next round.
    queue.put(`${order}/${state}/${round}`, put).catch(() => undefined)
  }
}

/** What the provider's books have to say about an order that ended so. */
function moneyOf(state: State): string {
  if (state === 'declined' || state === 'cancelled') return 'nothing'
  return state === 'paid' ? 'kept' : state === 'refunded' ? 'given back' : 'nothing, for it has to end'
}

function takenBy(provider: SimProvider, claim: number): string {
  const entry = provider.ledger.find(orderId(claim))
  if (entry?.outcome !== 'paid') return 'nothing'
  return entry.refundedAt === undefined ? 'kept' : 'given back'
}

const seeds = [1, 2, 3, 4, 5]

test('SIM-N44 every order is paid once, declined, cancelled or refunded, whatever queue, provider and workers do', async () => {
  const reached = new Reached()
  const ends = new Set<State>()
  for (const seed of seeds) {
    const { world, orders, provider } = await settleOrders(seed)
    const money = orders.states.map((_, claim) => takenBy(provider, claim))
    expect(money, `seed ${seed}: ${orders.states.join()}`).toEqual(orders.states.map(moneyOf))
    expect(provider.ledger.violations, `seed ${seed}`).toEqual([])
    for (const state of orders.states) ends.add(state)
    reached.add(world.reached.toJSON())
  }
  expect(ends).toEqual(new Set(['paid', 'declined', 'cancelled', 'refunded']))
  const wanted = [
    'payment answered twice',
    'payment outcome unknown',
    'charge after absent',
    'order delivered twice',
    'order queue lost everything',
  ] as const
  expect(wanted.filter((situation) => reached.of(situation) === 0)).toEqual([])
})
