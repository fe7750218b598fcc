import type { World } from '../../cluster/world.ts'
import type { EndedOrder } from '../inventory/ended-order.ts'
import { HttpExchange, type HttpExchangeLimits } from '../payment/http/http-exchange.ts'
import { type SigningSecrets, signedHeaders } from '../payment/http/signature.ts'
import { faultOfStatus } from '../payment/server-fault.ts'
import type { BackOffice } from './back-office.ts'

export interface HttpOfficeOptions {
  /** Where ends are posted to. */
  readonly url: string
  readonly secrets: SigningSecrets
  readonly limits: Pick<HttpExchangeLimits, 'deadlineMs' | 'connectionsMax'>
}

const answerBytesMax = 16 * 1024

/** A back office that takes webhooks, as docs/back-office.md describes them. Any status of 200 to 299 says that it has the end; what else it says is not read. */
export class HttpOffice implements BackOffice {
  private readonly world: World
  private readonly secrets: SigningSecrets
  private readonly path: string
  private readonly exchange: HttpExchange

  constructor(world: World, { url, secrets, limits }: HttpOfficeOptions) {
    const server = new URL(url)
    this.world = world
    this.secrets = secrets
    this.path = server.pathname
    this.exchange = new HttpExchange(server, world, { ...limits, answerBytesMax })
  }

  async take({ end: id, sku, order, user, qty, amountMinor, currency, state, refundedMinor, updatedAt }: EndedOrder): Promise<'taken'> {
    const body = Buffer.from(JSON.stringify({ id, order, sku, user, qty, amountMinor, currency, state, refundedMinor, updatedAt }))
    const message = { timestamp: this.world.clock.now(), method: 'POST', path: this.path, idempotencyKey: id, body }
    const headers = { 'content-type': 'application/json', ...signedHeaders(this.secrets.current, message) }
    const { status } = await this.exchange.send({ method: message.method, path: message.path, headers, body })
    if (status < 200 || status > 299) throw faultOfStatus(status)
    return 'taken'
  }

  close(): void {
    this.exchange.close()
  }
}
