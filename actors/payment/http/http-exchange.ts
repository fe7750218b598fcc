import { Agent as HttpAgent, request as httpRequest, type IncomingMessage } from 'node:http'
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https'
import type { World } from '../../../cluster/world.ts'
import { ServerFault } from '../server-fault.ts'

export interface HttpExchangeLimits {
  /** From the first byte sent to the last one read. */
  readonly deadlineMs: number
  readonly answerBytesMax: number
  /** Kept open between requests. */
  readonly connectionsMax: number
}

export interface OutgoingRequest {
  readonly method: string
  /** Begins with a slash. */
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: Uint8Array
}

export interface HttpAnswer {
  readonly status: number
  readonly body: Buffer
}

/** Requests to one server over connections that are kept, each with a deadline and a bounded answer. Follows no redirects. */
export class HttpExchange {
  private readonly server: URL
  private readonly world: World
  private readonly limits: HttpExchangeLimits
  private readonly agent: HttpAgent | HttpsAgent
  private readonly open: typeof httpRequest

  constructor(server: URL, world: World, limits: HttpExchangeLimits) {
    const isTls = server.protocol === 'https:'
    const options = { keepAlive: true, maxSockets: limits.connectionsMax, maxFreeSockets: limits.connectionsMax }
    this.server = server
    this.world = world
    this.limits = limits
    this.agent = isTls ? new HttpsAgent(options) : new HttpAgent(options)
    this.open = isTls ? httpsRequest : httpRequest
  }

  /** Rejects with a {@link ServerFault}: whether the request arrived is not known then. */
  async send({ method, path, headers, body }: OutgoingRequest): Promise<HttpAnswer> {
    const { deadlineMs } = this.limits
    const length = { 'content-length': String(body.length) }
    const request = this.open(new URL(path, this.server), { method, agent: this.agent, headers: { ...headers, ...length } })
    let isOver = false
    const timer = this.world.timers.after(deadlineMs, () => {
      isOver = true
      request.destroy()
    })
    try {
      const response = await new Promise<IncomingMessage>((resolve, reject) => {
        request.on('error', reject)
        request.once('response', resolve)
        request.end(body)
      })
      return { status: response.statusCode ?? 0, body: await this.bodyOf(response) }
    } catch (error) {
      if (isOver) throw new ServerFault('SERVER_SILENT', `no whole answer within ${deadlineMs} ms`)
      if (error instanceof ServerFault) throw error
      throw new ServerFault('SERVER_AWAY', error instanceof Error ? error.message : String(error), error)
    } finally {
      timer.cancel()
    }
  }

  close(): void {
    this.agent.destroy()
  }

  private async bodyOf(response: IncomingMessage): Promise<Buffer> {
    const { answerBytesMax } = this.limits
    const chunks: Buffer[] = []
    let bytes = 0
    for await (const chunk of response.iterator()) {
      if (!Buffer.isBuffer(chunk)) continue
      bytes += chunk.length
      // Leaving the loop destroys the response, and its connection.
      if (bytes > answerBytesMax) throw new ServerFault('SERVER_UNREADABLE', `an answer of more than ${answerBytesMax} bytes`)
      chunks.push(chunk)
    }
    return Buffer.concat(chunks, bytes)
  }
}
