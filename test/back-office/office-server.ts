import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { z } from 'zod'
import { listenOn, portOf } from '../loopback.ts'
import { signedText } from '../payment/provider-server.ts'

const endSchema = z.strictObject({
  id: z.string(),
  order: z.string(),
  sku: z.string(),
  user: z.string(),
  qty: z.int(),
  amountMinor: z.int(),
  currency: z.string(),
  state: z.string(),
  updatedAt: z.int(),
})
type End = z.output<typeof endSchema>

/** What it does with a request: `loses-answer` has taken it, and nobody hears of that. */
export type OfficeMood = 'takes' | 'loses-answer' | 'fails' | 'hangs' | 'redirects'

/** A back office that keeps to docs/back-office.md, written from that page alone, and misbehaves when it is told to. */
export class OfficeServer {
  mood: OfficeMood = 'takes'
  /** By id. */
  readonly taken = new Map<string, End>()
  asked = 0
  /** Requests that it would not have understood. */
  wrong = 0
  private readonly secret: string
  private readonly server: Server

  private constructor(secret: string) {
    this.secret = secret
    this.server = createServer((request, response) => void this.hear(request, response))
  }

  static async start(secret: string): Promise<OfficeServer> {
    const office = new OfficeServer(secret)
    await listenOn(office.server)
    return office
  }

  get url(): string {
    return `http://127.0.0.1:${portOf(this.server)}/sluice/orders`
  }

  get ends(): readonly string[] {
    return Array.from(this.taken.values(), ({ user, state }) => `${user} ${state}`).toSorted()
  }

  async stop(): Promise<void> {
    const closed = new Promise((resolve) => this.server.close(resolve))
    this.server.closeAllConnections()
    await closed
  }

  private async hear(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = []
    for await (const chunk of request) if (Buffer.isBuffer(chunk)) chunks.push(chunk)
    const body = Buffer.concat(chunks)
    this.asked++
    if (this.mood === 'hangs') return
    if (this.mood === 'fails') return void response.writeHead(503).end()
    if (this.mood === 'redirects') return void response.writeHead(307, { location: this.url }).end()
    const { data: end } = endSchema.safeParse(JSON.parse(body.toString()))
    if (end === undefined || !this.isSigned(request, body, end.id)) {
      this.wrong++
      return void response.writeHead(401).end()
    }
    this.taken.set(end.id, end)
    if (this.mood === 'loses-answer') return void response.destroy()
    response.writeHead(204).end()
  }

  private isSigned({ method, url, headers }: IncomingMessage, body: Buffer, id: string): boolean {
    const at = headers['sluice-timestamp']
    if (typeof at !== 'string' || Math.abs(Date.now() - Number(at)) > 5 * 60_000 || headers['idempotency-key'] !== id) return false
    return headers['sluice-signature'] === signedText(this.secret, `${at}\n${method}\n${url}\n${id}\n`, body)
  }
}
