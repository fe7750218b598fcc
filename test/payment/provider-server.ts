import { createHmac } from 'node:crypto'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { performance } from 'node:perf_hooks'
import { z } from 'zod'
import { Turnstile } from '../../actors/testing/turnstile.ts'
import { listenOn, portOf } from '../loopback.ts'
import { Places } from './places.ts'
import { type Money, ProviderBooks } from './provider-books.ts'
import { type Climate, type Mood, moodOf } from './provider-moods.ts'

export interface ProviderServerOptions {
  readonly secret: string
  readonly port?: number
  /** Keeps the books over the process's death. */
  readonly ledgerFile?: string
  /** Is told of every charge that was pending. */
  readonly onDecided?: (key: string, money: Money) => void
  readonly lateMs?: number
  readonly pendingMs?: number
}

const chargeSchema = z.strictObject({ amountMinor: z.int(), currency: z.string(), payment: z.string() })
const refundSchema = z.strictObject({ charge: z.string(), amountMinor: z.int(), currency: z.string() })

interface Asked {
  readonly method: string
  readonly path: string
  readonly key: string
  readonly mood: Mood
}

/**
 * A payment provider that keeps to docs/payment-provider.md, written from that page alone, and misbehaves when it is told to. What becomes of a charge
 * stands in its token: `tok_declined` is declined, and any other is paid.
 */
export class ProviderServer {
  readonly books: ProviderBooks
  readonly asked: Asked[] = []
  /** For the next requests, one each; after them the climate decides. */
  script: Mood[] = []
  climate: Climate = {}
  /** Of requests under way. */
  readonly places = new Places(() => performance.now())
  /** Before everything that is signed. */
  readonly turnstile = new Turnstile()
  private readonly options: ProviderServerOptions
  private readonly server: Server
  /** Answers that their connections get a second time, when the next request is there. */
  private readonly again = new WeakMap<Socket, string>()
  private readonly pending = new Map<string, NodeJS.Timeout>()

  private constructor(options: ProviderServerOptions) {
    this.options = options
    this.books = new ProviderBooks(options.ledgerFile)
    this.server = createServer((request, response) => void this.hear(request, response))
  }

  static async start(options: ProviderServerOptions): Promise<ProviderServer> {
    const provider = new ProviderServer(options)
    await listenOn(provider.server, options.port)
    return provider
  }

  get url(): string {
    return `http://127.0.0.1:${portOf(this.server)}/pay`
  }

  count(method: string, path = ''): number {
    return this.asked.filter((one) => one.method === method && one.path.startsWith(`/pay${path}`)).length
  }

  async stop(): Promise<void> {
    for (const timer of this.pending.values()) clearTimeout(timer)
    const closed = new Promise((resolve) => this.server.close(resolve))
    this.server.closeAllConnections()
    await closed
  }

  private async hear(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = []
    for await (const chunk of request) if (Buffer.isBuffer(chunk)) chunks.push(chunk)
    const body = Buffer.concat(chunks)
    const { method = '', url: path = '', socket } = request
    const again = this.again.get(socket)
    if (again !== undefined) socket.write(`HTTP/1.1 200 OK\r\ncontent-length: ${again.length}\r\n\r\n${again}`)
    this.again.delete(socket)
    const key = decodeURIComponent(namedCharge.exec(path)?.[1] ?? '') || keyOf(request)
    if (!this.isSigned(request, body)) return say(response, 401, { why: 'not signed' })
    const mood = this.script.shift() ?? moodOf(this.climate, Math.random())
    this.asked.push({ method, path, key, mood })
    this.places.take()
    response.once('close', () => this.places.leave())
    await this.turnstile.pass()
    if (mood === 'loses-request') return
    if (mood === 'fails') return say(response, 503, { why: 'out of order' })
    const state = this.stateAfter(method, path, key, body, mood)
    if (state === undefined) return say(response, 422, { why: 'not understood' })
    await this.answer(response, { key, state }, mood)
  }

  private async answer(response: ServerResponse, answer: object, mood: Mood): Promise<void> {
    if (mood === 'hangs') return
    if (mood === 'loses-answer') return void response.destroy()
    if (mood === 'late') await new Promise((resolve) => setTimeout(resolve, this.options.lateMs ?? 300))
    if (mood === 'babbles') return say(response, 200, { state: 'perhaps' })
    if (mood === 'floods') return void response.writeHead(200).write('x'.repeat(1024 * 1024))
    if (mood === 'twice' && response.socket !== null) this.again.set(response.socket, JSON.stringify(answer))
    say(response, 200, answer)
  }

  /** Undefined for what is not in the contract. */
  private stateAfter(method: string, path: string, key: string, body: Buffer, mood: Mood): string | undefined {
    if (method === 'GET' && path.startsWith('/pay/charges/')) return this.stateOf(key) ?? 'absent'
    if (method !== 'POST' || key === '') return undefined
    if (path.endsWith('/close')) return this.close(key)
    const value: unknown = JSON.parse(body.toString())
    const { data: charge } = chargeSchema.safeParse(value)
    const { data: refund } = refundSchema.safeParse(value)
    if (path === '/pay/charges' && charge !== undefined) return this.charge(key, charge, mood)
    return path === '/pay/refunds' && refund !== undefined ? this.refund(key, refund) : undefined
  }

  private stateOf(key: string): string | undefined {
    if (this.pending.has(key)) return 'pending'
    const known = this.books.find(key)
    if (known === undefined) return undefined
    if (known.kind === 'declined') return 'declined'
    return this.books.leftOf(key) === 0 ? 'refunded' : 'paid'
  }

  private charge(key: string, { payment, amountMinor, currency }: Money & { readonly payment: string }, mood: Mood): string {
    const known = this.stateOf(key)
    if (known !== undefined) return known
    const decide = (): void => {
      this.pending.delete(key)
      this.books.write({ kind: payment === 'tok_declined' ? 'declined' : 'charge', charge: key, key, amountMinor, currency })
    }
    if (mood !== 'pending') decide()
    else {
      const decideLater = (): void => {
        decide()
        this.options.onDecided?.(key, { amountMinor, currency })
      }
      this.pending.set(key, setTimeout(decideLater, this.options.pendingMs ?? 300))
    }
    return this.stateOf(key) ?? 'pending'
  }

  private close(key: string): string {
    const known = this.stateOf(key)
    if (known !== undefined) return known
    this.books.write({ kind: 'declined', charge: key, key, amountMinor: 0, currency: 'EUR' })
    return 'declined'
  }

  private refund(key: string, { charge, amountMinor, currency }: Money & { readonly charge: string }): string {
    if (this.books.find(key) !== undefined) return 'refunded'
    if (this.pending.has(charge)) return 'pending'
    const charged = this.books.find(charge)
    if (charged?.kind !== 'charge') return 'absent'
    if (charged.currency !== currency || amountMinor > this.books.leftOf(charge)) return 'refused'
    this.books.write({ kind: 'refund', charge, key, amountMinor, currency })
    return 'refunded'
  }

  private isSigned(request: IncomingMessage, body: Buffer): boolean {
    const { method = '', url = '', headers } = request
    const at = headers['sluice-timestamp']
    if (typeof at !== 'string' || Math.abs(Date.now() - Number(at)) > 5 * 60_000) return false
    return headers['sluice-signature'] === signedText(this.options.secret, `${at}\n${method}\n${url}\n${keyOf(request)}\n`, body)
  }
}

/** As docs/payment-provider.md describes it, with code of its own. */
export function signedText(secret: string, head: string, body: string | Buffer): string {
  return `v1=${createHmac('sha256', secret).update(head).update(body).digest('hex')}`
}

/** The path of one charge, or of what is done to it. */
const namedCharge = /^\/pay\/charges\/([^/]+)(?:\/close)?$/

function keyOf({ headers }: IncomingMessage): string {
  const key = headers['idempotency-key']
  return typeof key === 'string' ? key : ''
}

function say(response: ServerResponse, status: number, value: object): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value))
}
