import type { BackOffice } from '../../actors/back-office/back-office.ts'
import { DeliveryWorker } from '../../actors/back-office/delivery-worker.ts'
import { HttpOffice } from '../../actors/back-office/http-office.ts'
import { LateEnds } from '../../actors/back-office/late-ends.ts'
import { StreamOffice } from '../../actors/back-office/stream-office.ts'
import { DeadOrders } from '../../actors/payment/dead-orders.ts'
import type { DeadSource } from '../../actors/payment/dead-source.ts'
import { HttpProvider } from '../../actors/payment/http/http-provider.ts'
import { WebhookReceiver } from '../../actors/payment/http/webhook-receiver.ts'
import type { PaymentProvider } from '../../actors/payment/payment-provider.ts'
import { PaymentWorker } from '../../actors/payment/payment-worker.ts'
import { SimulatedProvider } from '../../actors/payment/simulated-provider.ts'
import { openAuditLog } from '../audit-port.ts'
import { type AuditDeed, audited } from '../audited-routes.ts'
import { isLoopback } from '../config.ts'
import { type DeadOrderDesk, deadOrderRoutes } from '../dead-order-routes.ts'
import type { OpsAnswer } from '../ops-routes.ts'
import { webhookRoute } from '../webhook-route.ts'
import type { RoleParts } from './role-parts.ts'

/** The role `orders`: takes orders from the queue and settles them. Resolves with the desk for those that were tried in vain. */
export async function startOrders(parts: RoleParts): Promise<DeadOrderDesk> {
  const { config, world, ports, calls, metrics, closers } = parts
  const limits = { concurrency: config.paymentConcurrency, providerDeadlineMs: config.paymentDeadlineMs }
  const queue = await ports.queue()
  const worker = new PaymentWorker({ queue, provider: openProvider(parts), calls, world, limits })
  closers.add(() => worker.close())
  metrics.add(worker)
  const dead = new DeadOrders({ queue, calls, worker, world })
  closers.add(() => dead.close())
  metrics.add(dead)
  const late = await startDeliveries(parts)
  const desk = await serveDeadOrders(parts, late === undefined ? [dead] : [dead, late])
  if (config.paymentProvider === 'http') receiveWebhooks(parts, worker)
  return desk
}

function openProvider({ config, world, metrics, closers }: RoleParts): PaymentProvider {
  const { paymentProvider, paymentUrl = '', paymentSecret = '', paymentDeadlineMs: deadlineMs, paymentConcurrency } = config
  if (paymentProvider === 'simulated') {
    const simulated = new SimulatedProvider(world, { declineShare: config.simulatedDeclineShare, delayMs: config.simulatedDelayMs })
    metrics.add(simulated)
    return simulated
  }
  const limits = { deadlineMs, connectionsMax: paymentConcurrency }
  const provider = new HttpProvider(world, { url: paymentUrl, secret: paymentSecret, limits })
  closers.add(() => provider.close())
  return provider
}

/** Brings ended orders to the back office, if there is one. */
async function startDeliveries(parts: RoleParts): Promise<LateEnds | undefined> {
  const { config, world, ports, calls, metrics, closers } = parts
  const { officeConcurrency: concurrency, officeDeadlineMs, officeLateMs: lateMs, shards } = config
  if (!config.hasOffice) return undefined
  const queue = await ports.officeQueue()
  const office = await openOffice(parts)
  const worker = new DeliveryWorker({ queue, office, calls, world, limits: { concurrency, answerDeadlineMs: officeDeadlineMs } })
  closers.add(() => worker.close())
  metrics.add(worker)
  const late = new LateEnds({ queue, shards, calls, world, lateMs })
  closers.add(() => late.close())
  metrics.add(late)
  return late
}

async function openOffice({ config, world, ports, closers }: RoleParts): Promise<BackOffice> {
  const { officeUrl: url, officeSecret: secret = '', officeConcurrency: connectionsMax, officeDeadlineMs: deadlineMs } = config
  if (url === undefined) return new StreamOffice(await ports.endedStream())
  const office = new HttpOffice(world, { url, secret, limits: { deadlineMs, connectionsMax } })
  closers.add(() => office.close())
  return office
}

async function serveDeadOrders({ config, world, ports, ops }: RoleParts, sources: readonly DeadSource[]): Promise<DeadOrderDesk> {
  const key = isLoopback(config.opsHost) ? undefined : (await ports.secrets()).operatorKey
  const log = openAuditLog(config, await ports.shared(), world)
  const audit = (deed: AuditDeed): Promise<OpsAnswer> => audited(log, world, deed)
  const desk = { sources, audit }
  for (const [path, route] of deadOrderRoutes({ ...desk, key })) ops.add(path, route)
  return desk
}

/**
 * On the ops port, for the caller is a server of the shop and not the internet: the web port stays what clients need, other processes do not have the worker,
 * and the signature, not the port, says who it is.
 */
function receiveWebhooks({ config, world, metrics, ops }: RoleParts, worker: PaymentWorker): void {
  const receiver = new WebhookReceiver({ secret: config.paymentSecret ?? '', world, worker })
  metrics.add(receiver)
  ops.add('/payment/webhook', webhookRoute(receiver))
}
