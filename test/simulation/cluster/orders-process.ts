import { PaymentWorker } from '../../../actors/payment/payment-worker.ts'
import { Calls } from '../../../cluster/calls.ts'
import type { Hubs } from '../hubs.ts'
import type { Shape } from '../shape.ts'
import type { SimProcess } from '../sim-process.ts'

/** A process with the role `orders`: the real payment worker, over the hubs. */
export interface SimOrders {
  readonly worker: PaymentWorker
  readonly calls: Calls
}

export function startOrders(process: SimProcess, hubs: Hubs, shape: Shape): SimOrders {
  const { world, name } = process
  const calls = new Calls({ bus: hubs.network.connect(process), world, node: name, shards: shape.shards, limits: shape })
  const worker = new PaymentWorker({
    queue: hubs.queue.connect(process),
    provider: hubs.provider.connect(process),
    calls,
    world,
    limits: { concurrency, providerDeadlineMs, triesMax, retryFirstMs, retryMostMs, breaker },
  })
  return { worker, calls }
}

const concurrency = 3
const providerDeadlineMs = 2_000
const triesMax = 4
const retryFirstMs = 100
const retryMostMs = 1_000
/** Never opens: what a provider does here for a while, it does to some questions and not to others. */
const breaker = { failuresMax: Number.POSITIVE_INFINITY, openFirstMs: 0, openMostMs: 0 }
