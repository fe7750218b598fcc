import { z } from 'zod'
import type { World } from '../../../cluster/world.ts'
import type { Charge, ChargeOutcome, PaymentProvider, Refund, RefundOutcome } from '../payment-provider.ts'
import { faultOfStatus, ServerFault } from '../server-fault.ts'
import { HttpExchange, type HttpExchangeLimits, type OutgoingRequest } from './http-exchange.ts'
import { type SigningSecrets, signedHeaders, type SignedMessage } from './signature.ts'

export interface HttpProviderOptions {
  /** Where the provider's paths begin. */
  readonly url: string
  readonly secrets: SigningSecrets
  readonly limits: Pick<HttpExchangeLimits, 'deadlineMs' | 'connectionsMax'>
}

const answerBytesMax = 16 * 1024
const noBody = new Uint8Array(0)

const chargeSchema = z.object({ key: z.string(), state: z.enum(['paid', 'declined', 'pending', 'refunded']) })
const querySchema = z.object({ key: z.string(), state: z.enum(['paid', 'declined', 'pending', 'refunded', 'absent']) })
const refundSchema = z.object({ key: z.string(), state: z.enum(['refunded', 'pending', 'absent', 'refused']) })

/** What their words mean here. Nothing is left of a charge that was given back as a whole. */
const chargeOutcomes = { paid: 'paid', declined: 'declined', pending: 'unknown', refunded: 'declined', absent: 'absent' } as const
const refundOutcomes = { refunded: 'refunded', pending: 'unknown', absent: 'absent', refused: 'refused' } as const

/**
 * A provider that is another server, and speaks the contract in docs/payment-provider.md: signed requests, keys that make them safe to repeat, one word of
 * JSON in return. Only a 200 with such a word says anything; all else is a {@link ServerFault}, and the outcome unknown.
 */
export class HttpProvider implements PaymentProvider {
  private readonly world: World
  private readonly secrets: SigningSecrets
  private readonly exchange: HttpExchange
  private readonly prefix: string

  constructor(world: World, { url, secrets, limits }: HttpProviderOptions) {
    const server = new URL(url)
    this.world = world
    this.secrets = secrets
    this.prefix = server.pathname.replace(/\/+$/, '')
    this.exchange = new HttpExchange(server, world, { ...limits, answerBytesMax })
  }

  async charge({ amountMinor, currency, payment }: Charge, idempotencyKey: string): Promise<ChargeOutcome> {
    const request = this.post('/charges', idempotencyKey, { amountMinor, currency, payment })
    return chargeOutcomes[(await this.ask(request, chargeSchema, idempotencyKey)).state]
  }

  async query(idempotencyKey: string): Promise<ChargeOutcome | 'absent'> {
    const request = this.signed({ method: 'GET', path: `/charges/${encodeURIComponent(idempotencyKey)}`, idempotencyKey: '', body: noBody })
    return chargeOutcomes[(await this.ask(request, querySchema, idempotencyKey)).state]
  }

  async closeCharge(idempotencyKey: string): Promise<ChargeOutcome> {
    const path = `/charges/${encodeURIComponent(idempotencyKey)}/close`
    const request = this.signed({ method: 'POST', path, idempotencyKey: '', body: noBody })
    return chargeOutcomes[(await this.ask(request, chargeSchema, idempotencyKey)).state]
  }

  async refund({ charge, amountMinor, currency }: Refund, idempotencyKey: string): Promise<RefundOutcome> {
    const request = this.post('/refunds', idempotencyKey, { charge, amountMinor, currency })
    return refundOutcomes[(await this.ask(request, refundSchema, idempotencyKey)).state]
  }

  close(): void {
    this.exchange.close()
  }

  private async ask<T extends { readonly key: string }>(request: OutgoingRequest, schema: z.ZodType<T>, key: string): Promise<T> {
    const answer = await this.exchange.send(request)
    if (answer.status !== 200) throw faultOfStatus(answer.status)
    const { data } = schema.safeParse(parsed(answer.body))
    // Not what it said: a provider that echoes the request would bring the token into the log.
    if (data === undefined) throw new ServerFault('SERVER_UNREADABLE', 'an answer that is not in the contract')
    // A server that answers twice leaves an answer in the connection, which then comes for the next request.
    if (data.key !== key) throw new ServerFault('SERVER_UNREADABLE', 'the answer to another request')
    return data
  }

  private post(path: string, idempotencyKey: string, value: object): OutgoingRequest {
    const { headers, ...request } = this.signed({ method: 'POST', path, idempotencyKey, body: Buffer.from(JSON.stringify(value)) })
    return { ...request, headers: { ...headers, 'content-type': 'application/json' } }
  }

  private signed(request: Omit<SignedMessage, 'timestamp'>): OutgoingRequest {
    const message = { ...request, path: `${this.prefix}${request.path}`, timestamp: this.world.clock.now() }
    const { method, path, body } = message
    return { method, path, headers: { accept: 'application/json', ...signedHeaders(this.secrets.current, message) }, body }
  }
}

function parsed(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString())
  } catch {
    // The caller says that it cannot be read; how exactly helps nobody.
    return undefined
  }
}
