import type { BackOffice } from '../../actors/back-office/back-office.ts'
import { DeliveryWorker } from '../../actors/back-office/delivery-worker.ts'
import { HttpOffice } from '../../actors/back-office/http-office.ts'
import { LateEnds } from '../../actors/back-office/late-ends.ts'
import { StreamOffice } from '../../actors/back-office/stream-office.ts'
import { DeadOrders } from '../../actors/payment/dead-orders.ts'
import type { DeadSource } from '../../actors/payment/dead-source.ts'
import { HttpProvider } from '../../actors/payment/http/http-provider.ts'
import type { SigningSecrets } from '../../actors/payment/http/signature.ts'
import { WebhookReceiver } from '../../actors/payment/http/webhook-receiver.ts'
import type { PaymentProvider } from '../../actors/payment/payment-provider.ts'
import { PaymentWorker } from '../../actors/payment/payment-worker.ts'
import { SimulatedProvider } from '../../actors/payment/simulated-provider.ts'
import type { World } from '../../cluster/world.ts'
import { IdentityCheck, loopbackKey } from '../../gateway/identity.ts'
import { type SecretUse, secretsInForce } from '../../gateway/key-book.ts'
import { Keys } from '../../gateway/keys.ts'
import { openAuditLog } from '../audit-port.ts'
import { type AuditDeed, audited } from '../audited-routes.ts'
import { isLoopback } from '../config.ts'
import { type DeadOrderDesk, deadOrderRoutes } from '../dead-order-routes.ts'
import { operatorOf } from '../ops-operator.ts'
import type { OpsAnswer, OpsRequest } from '../ops-routes.ts'
import { StartFault } from '../start-fault.ts'
import { webhookRoute } from '../webhook-route.ts'
import type { RoleParts } from './role-parts.ts'

/** The role `orders`: takes orders from the queue and settles them. Resolves with the desk for those that were tried in vain. */
export async function startOrders(parts: RoleParts): Promise<DeadOrderDesk> {
  const { config, world, ports, calls, metrics, closers } = parts
  const limits = { concurrency: config.paymentConcurrency, providerDeadlineMs: config.paymentDeadlineMs }
  const queue = await ports.queue()
  const keys = await startKeys(parts)
  const payment = signingSecrets(keys, 'payment', config.paymentSecret, world)
  const worker = new PaymentWorker({ queue, provider: openProvider(parts, payment), calls, world, limits })
  closers.add(() => worker.close())
  metrics.add(worker)
  const dead = new DeadOrders({ queue, calls, worker, world })
  closers.add(() => dead.close())
  metrics.add(dead)
  const late = await startDeliveries(parts, signingSecrets(keys, 'office', config.officeSecret, world))
  const desk = await serveDeadOrders(parts, keys, late === undefined ? [dead] : [dead, late])
  if (config.paymentProvider === 'http') receiveWebhooks(parts, worker, payment)
  return desk
}

function openProvider({ config, world, metrics, closers }: RoleParts, secrets: SigningSecrets): PaymentProvider {
  const { paymentProvider, paymentUrl = '', paymentDeadlineMs: deadlineMs, paymentConcurrency } = config
  if (paymentProvider === 'simulated') {
    const simulated = new SimulatedProvider(world, { declineShare: config.simulatedDeclineShare, delayMs: config.simulatedDelayMs })
    metrics.add(simulated)
    return simulated
  }
  const limits = { deadlineMs, connectionsMax: paymentConcurrency }
  const provider = new HttpProvider(world, { url: paymentUrl, secrets, limits })
  closers.add(() => provider.close())
  return provider
}

/** Brings ended orders to the back office, if there is one. */
async function startDeliveries(parts: RoleParts, secrets: SigningSecrets): Promise<LateEnds | undefined> {
  const { config, world, ports, calls, metrics, closers } = parts
  const { officeConcurrency: concurrency, officeDeadlineMs, officeLateMs: lateMs, shards } = config
  if (!config.hasOffice) return undefined
  const queue = await ports.officeQueue()
  const office = await openOffice(parts, secrets)
  const worker = new DeliveryWorker({ queue, office, calls, world, limits: { concurrency, answerDeadlineMs: officeDeadlineMs } })
  closers.add(() => worker.close())
  metrics.add(worker)
  const late = new LateEnds({ queue, shards, calls, world, lateMs })
  closers.add(() => late.close())
  metrics.add(late)
  return late
}

async function openOffice({ config, world, ports, closers }: RoleParts, secrets: SigningSecrets): Promise<BackOffice> {
  const { officeUrl: url, officeConcurrency: connectionsMax, officeDeadlineMs: deadlineMs } = config
  if (url === undefined) return new StreamOffice(await ports.endedStream())
  const office = new HttpOffice(world, { url, secrets, limits: { deadlineMs, connectionsMax } })
  closers.add(() => office.close())
  return office
}

async function serveDeadOrders(
  { config, world, ports, ops }: RoleParts,
  keys: Keys,
  sources: readonly DeadSource[],
): Promise<DeadOrderDesk> {
  const identities = new IdentityCheck(await ports.secrets(), () => world.clock.now())
  identities.use(keys.book)
  keys.onChange((book) => identities.use(book))
  const log = openAuditLog(config, await ports.shared(), world)
  const audit = (deed: AuditDeed): Promise<OpsAnswer> => audited(log, world, deed)
  // Where nobody but this machine gets to the port, no key is asked for.
  const whoIs = isLoopback(config.opsHost) ? () => loopbackKey : (request: OpsRequest) => operatorOf(identities, request)
  const desk = { sources, audit }
  for (const [path, route] of deadOrderRoutes({ ...desk, whoIs })) ops.add(path, route)
  return desk
}

/** What was changed of keys and secrets; known before anything is signed. */
async function startKeys({ ports, world, closers, stopping, readiness }: RoleParts): Promise<Keys> {
  const keys = new Keys({ record: (await ports.shared()).record('keys'), bus: ports.bus, world })
  closers.add(() => keys.close())
  readiness.waitsFor('the keys')
  if (!(await keys.start(stopping))) throw new StartFault('stopped while it waited for the keys')
  return keys
}

/** By the secret that settings give, and those that have taken its place. */
function signingSecrets(keys: Keys, use: SecretUse, given = '', { clock }: World): SigningSecrets {
  const now = () => secretsInForce(given, keys.book.secrets[use], clock.now())
  return {
    get current() {
      return now().current
    },
    get accepted() {
      return now().accepted.map(({ secret }) => secret)
    },
  }
}

/**
 * On the ops port, for the caller is a server of the shop and not the internet: the web port stays what clients need, other processes do not have the worker,
 * and the signature, not the port, says who it is.
 */
function receiveWebhooks({ world, metrics, ops }: RoleParts, worker: PaymentWorker, secrets: SigningSecrets): void {
  const receiver = new WebhookReceiver({ secrets, world, worker })
  metrics.add(receiver)
  ops.add('/payment/webhook', webhookRoute(receiver))
}
