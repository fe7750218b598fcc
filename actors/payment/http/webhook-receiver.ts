import { z } from 'zod'
import type { MetricSink, MetricSource } from '../../../cluster/metrics.ts'
import { RecentIds } from '../../../cluster/recent-ids.ts'
import type { World } from '../../../cluster/world.ts'
import { orderIdSchema } from '../../../protocol/id-schemas.ts'
import type { PaymentWorker } from '../payment-worker.ts'
import { isSignedBy, signatureHeaders, type SigningSecrets } from './signature.ts'

/** Both sides' clocks may be off, and the way takes a while; beyond that a message is taken for an old one that somebody sends again. */
export const webhookWindowMs = 5 * 60_000
const idsMax = 100_000

export interface WebhookRequest {
  readonly method: string
  readonly path: string
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>
  readonly body: Uint8Array
}

export interface WebhookReceiverParts {
  readonly secrets: SigningSecrets
  readonly world: World
  readonly worker: Pick<PaymentWorker, 'look'>
}

const results = { taken: 200, unreadable: 400, unsigned: 401, old: 401, again: 409, later: 503 } as const
type WebhookResult = keyof typeof results

const noticeSchema = z.object({
  id: z.string().min(1).max(128),
  charge: orderIdSchema,
  amountMinor: z.int().nonnegative(),
  currency: z.string().regex(/^[A-Z]{3}$/),
})

/**
 * Takes the provider's word that something is new about a charge (docs/payment-provider.md). What it says is not believed: it is a reason to ask the provider
 * at once. So the worst that a forged or repeated one could do is a question, and it must not do even that.
 */
export class WebhookReceiver implements MetricSource {
  private readonly parts: WebhookReceiverParts
  /** Of what was taken. Twice the window, for a timestamp may be ahead. */
  private readonly seen = new RecentIds(2 * webhookWindowMs, idsMax)
  private readonly counts: Record<WebhookResult, number> = { taken: 0, unreadable: 0, unsigned: 0, old: 0, again: 0, later: 0 }

  constructor(parts: WebhookReceiverParts) {
    this.parts = parts
  }

  /** Resolves when the order is settled, or with why it is not; `status` is what to answer. */
  async receive(request: WebhookRequest): Promise<{ readonly status: number; readonly result: WebhookResult }> {
    const result = this.doubt(request) ?? (await this.take(request.body))
    this.counts[result]++
    return { status: results[result], result }
  }

  collect(sink: MetricSink): void {
    for (const [result, count] of Object.entries(this.counts))
      sink.counter('sluice_payment_webhooks_total', 'Webhooks of the payment provider, by what became of them', count, { result })
  }

  private doubt({ method, path, headers, body }: WebhookRequest): 'unsigned' | 'old' | undefined {
    const { secrets, world } = this.parts
    const sentAt = headers[signatureHeaders.timestamp]
    const signature = headers[signatureHeaders.signature]
    if (typeof signature !== 'string' || typeof sentAt !== 'string' || !/^\d{1,15}$/.test(sentAt)) return 'unsigned'
    const timestamp = Number(sentAt)
    const message = { timestamp, method, path, idempotencyKey: '', body }
    if (!secrets.accepted.some((secret) => isSignedBy(secret, message, signature))) return 'unsigned'
    return Math.abs(world.clock.now() - timestamp) > webhookWindowMs ? 'old' : undefined
  }

  private async take(body: Uint8Array): Promise<'unreadable' | 'again' | 'taken' | 'later'> {
    const { world, worker } = this.parts
    const { data: notice } = noticeSchema.safeParse(parsed(body))
    if (notice === undefined) return 'unreadable'
    const { id, charge, amountMinor, currency } = notice
    if (this.seen.has(id, world.clock.monotonic())) return 'again'
    try {
      await worker.look({ order: charge, amountMinor, currency })
    } catch (error) {
      // The same one may come again, so it is not remembered.
      world.log.info({ order: charge, error: String(error) }, 'a webhook about an order that cannot be settled yet')
      return 'later'
    }
    this.seen.add(id, world.clock.monotonic())
    return 'taken'
  }
}

function parsed(body: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(body).toString())
  } catch {
    // The caller answers that it cannot be read.
    return undefined
  }
}
