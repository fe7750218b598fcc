import type { Refusal } from '../codes.ts'
import type { Plain } from '../msgpack-writer.ts'
import type { Connection, ConnectionHandlers, Dial } from './connection.ts'

export interface SentRequest {
  readonly msgid: number
  readonly method: string
  readonly params: readonly Plain[]
}

/** One dialled connection in a test's hands: what the client sent, and what the "server" does next. */
export class ScriptedConnection implements Connection {
  readonly sent: SentRequest[] = []
  closed = false
  private readonly handlers: ConnectionHandlers

  constructor(handlers: ConnectionHandlers) {
    this.handlers = handlers
  }

  send(msgid: number, method: string, params: readonly Plain[]): void {
    if (method === 'unencodable') throw new RangeError('cannot be encoded')
    this.sent.push({ msgid, method, params })
  }

  close(): void {
    this.closed = true
  }

  open(): void {
    if (!this.closed) this.handlers.onOpen()
  }

  end(reason = 'lost', refusal?: Refusal): void {
    if (this.closed) return
    this.closed = true
    this.handlers.onEnd(refusal === undefined ? { reason } : { reason, refusal })
  }

  result(request: SentRequest, result: Plain): void {
    if (!this.closed) this.handlers.onMessage({ kind: 'response', msgid: request.msgid, error: null, result })
  }

  refuse(request: SentRequest, error: Refusal): void {
    if (!this.closed) this.handlers.onMessage({ kind: 'response', msgid: request.msgid, error, result: null })
  }

  notify(method: string, event: Plain): void {
    if (!this.closed) this.handlers.onMessage({ kind: 'notification', method, params: [event] })
  }

  /** Requests of one method, in order. */
  of(method: string): readonly SentRequest[] {
    return this.sent.filter((request) => request.method === method)
  }

  /** The newest request of a method; a test that asks for what is not there has found a defect. */
  last(method: string): SentRequest {
    const request = this.of(method).at(-1)
    if (request === undefined) throw new Error(`no ${method} was sent`)
    return request
  }
}

/** A server that does only what a test tells it. */
export class ScriptedDial {
  readonly connections: ScriptedConnection[] = []
  readonly dial: Dial = (handlers) => {
    const connection = new ScriptedConnection(handlers)
    this.connections.push(connection)
    return connection
  }

  get newest(): ScriptedConnection {
    const connection = this.connections.at(-1)
    if (connection === undefined) throw new Error('nothing was dialled')
    return connection
  }
}
