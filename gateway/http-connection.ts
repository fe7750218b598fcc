import { codeTable, isCode } from '../protocol/codes.ts'
import { decodeMessage } from '../protocol/envelope.ts'
import type { CloseReason, Connection, Connections } from './connection.ts'
import { endWithBody, statusLine } from './http-answer.ts'
import type { Identity } from './identity.ts'
import type { JsonText } from './json-text.ts'
import type { HttpResponse } from './uws.ts'

export interface HttpConnectionParts {
  readonly response: HttpResponse
  readonly address: string
  readonly identity: Identity
  readonly connections: Connections
  /** Shared by all calls. */
  readonly jsonText: JsonText
  readonly write: AnswerWriter
}

/** Writes a whole answer, `body` being JSON; called inside `cork`. */
export type AnswerWriter = (response: HttpResponse, status: number, body: string, retryAfterMs: number | undefined) => void

/** The answer to a call: it is this caller's, and of this moment. */
export function writeCallAnswer(response: HttpResponse, status: number, body: string, retryAfterMs: number | undefined): void {
  // uWebSockets.js says 200 OK by itself.
  if (status !== 200) response.writeStatus(statusLine(status))
  response.writeHeader('Content-Type', contentTypeAndCaching)
  if (retryAfterMs !== undefined) response.writeHeader('Retry-After', String(Math.ceil(retryAfterMs / 1000)))
  endWithBody(response, body)
}

/** Two headers in one call into uWebSockets.js, of which each costs as much as a short decision. */
const contentTypeAndCaching = 'application/json\r\nCache-Control: no-store'

/** Of a response in msgpack: the msgid takes one byte, for it is 0, or has the full width that shards give it. */
const msgidAt = 2
const wideMsgid = 0xce
const wideMsgidBytes = 5
const nil = 0xc0
/** A text of ours has no quotes in it, for then it would not be plain JSON text. */
const refusalForm = /^\{"code":"([A-Z_]+)","message":"[^"]*"(?:,"retryAfterMs":(\d+))?\}$/

/** A single HTTP call: a connection that answers once. */
export class HttpConnection implements Connection {
  readonly transport = 'http'
  readonly address: string
  identity: Identity
  inFlight = 0
  index = -1
  turn = 0
  private readonly response: HttpResponse
  private readonly connections: Connections
  private readonly jsonText: JsonText
  private readonly write: AnswerWriter
  private isOpen = true

  constructor(parts: HttpConnectionParts) {
    this.response = parts.response
    this.address = parts.address
    this.identity = parts.identity
    this.connections = parts.connections
    this.jsonText = parts.jsonText
    this.write = parts.write
  }

  respond(bytes: Uint8Array, from: number, to: number): void {
    if (!this.isOpen) return
    const errorAt = from + (bytes[from + msgidAt] === wideMsgid ? wideMsgidBytes : 1) + msgidAt
    if (bytes[errorAt] === nil) {
      const result = this.jsonText.of(bytes, errorAt + 1, to)
      if (result !== undefined) return this.end(200, `{"result":${result}}`)
    } else if (bytes[to - 1] === nil) {
      const error = this.jsonText.of(bytes, errorAt, to - 1)
      if (error !== undefined && this.endRefused(error)) return
    }
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
    this.connections.remove(this)
  }

  /** Answers with a refusal that is JSON already, if it has the form that all of ours have; thousands a second have, in a rush. */
  private endRefused(error: string): boolean {
    const [, code = '', retryAfterMs] = refusalForm.exec(error) ?? []
    if (!isCode(code)) return false
    this.end(codeTable[code].status, `{"error":${error}}`, retryAfterMs === undefined ? undefined : Number(retryAfterMs))
    return true
  }

  private end(status: number, body: string, retryAfterMs?: number): void {
    this.isOpen = false
    this.response.cork(() => this.write(this.response, status, body, retryAfterMs))
    this.connections.remove(this)
  }
}
