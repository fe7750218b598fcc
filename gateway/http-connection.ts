import { codeTable, isCode } from '../protocol/codes.ts'
import { decodeMessage } from '../protocol/envelope.ts'
import type { CloseReason, Connection } from './connection.ts'
import { endWithBody, statusLine } from './http-answer.ts'
import type { Identity } from './identity.ts'
import type { HttpResponse } from './uws.ts'

/** A single HTTP call: a connection that answers once. */
export class HttpConnection implements Connection {
  readonly transport = 'http'
  readonly address: string
  identity: Identity
  inFlight = 0
  index = -1
  turn = 0
  private readonly response: HttpResponse
  private readonly onDone: (connection: HttpConnection) => void
  private isOpen = true

  constructor(response: HttpResponse, address: string, identity: Identity, onDone: (connection: HttpConnection) => void) {
    this.response = response
    this.address = address
    this.identity = identity
    this.onDone = onDone
  }

  respond(bytes: Uint8Array, from: number, to: number): void {
    if (!this.isOpen) return
    const message = decodeMessage(bytes, from, to)
    if (message.kind !== 'response') throw new Error('an HTTP call can only be answered by a response')
    const { error, result } = message
    if (error === null) this.end(200, JSON.stringify({ result }))
    else this.end(isCode(error.code) ? codeTable[error.code].status : 500, JSON.stringify({ error }), error.retryAfterMs)
  }

  /** Events need a socket. */
  notify(): void {}
  watch(): void {}
  flush(): void {}

  close(_reason: CloseReason): void {
    if (!this.isOpen) return
    this.aborted()
    this.response.close()
  }

  /** The client is gone: the response may not be touched any more. */
  aborted(): void {
    if (!this.isOpen) return
    this.isOpen = false
    this.onDone(this)
  }

  private end(status: number, body: string, retryAfterMs?: number): void {
    this.isOpen = false
    this.response.cork(() => {
      // uWebSockets.js says 200 OK by itself.
      if (status !== 200) this.response.writeStatus(statusLine(status))
      this.response.writeHeader('Content-Type', 'application/json')
      this.response.writeHeader('Cache-Control', 'no-store')
      if (retryAfterMs !== undefined) this.response.writeHeader('Retry-After', String(Math.ceil(retryAfterMs / 1000)))
      endWithBody(this.response, body)
    })
    this.onDone(this)
  }
}
