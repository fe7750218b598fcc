import { PaymentWorker } from '../../actors/payment/payment-worker.ts'
import { SimulatedProvider } from '../../actors/payment/simulated-provider.ts'
import type { RoleParts } from './role-parts.ts'

/** The role `orders`: takes orders from the queue and settles them. */
export async function startOrders({ config, world, ports, calls, metrics, closers }: RoleParts): Promise<void> {
  const provider = new SimulatedProvider(world, { declineShare: config.simulatedDeclineShare, delayMs: config.simulatedDelayMs })
  metrics.add(provider)
  const queue = await ports.queue()
  const worker = new PaymentWorker({ queue, provider, calls, world, limits: { concurrency: config.paymentConcurrency } })
  closers.add(() => worker.close())
  metrics.add(worker)
}
