import { connect, type Socket } from 'node:net'
import { connect as connectSecurely } from 'node:tls'
import type { Refusal } from '../codes.ts'
import { decodeMessage, type Message, writeRequest } from '../envelope.ts'
import { MsgpackWriter, type Plain } from '../msgpack-writer.ts'
import { StreamSplitter } from '../stream-splitter.ts'
import type { Connection, ConnectionHandlers } from './connection.ts'

/** The largest message that a client takes from the server: a whole line can be listed in one. */
export const messageBytesMax = 16 * 1024 * 1024

export interface TcpAddress {
  readonly host: string
  readonly port: number
  /** TLS, whose certificate has to be one that this machine trusts (Node: `NODE_EXTRA_CA_CERTS` names more). */
  readonly secure: boolean
  /** Sent by `auth` before anything else; undefined where a server on loopback runs without keys. */
  readonly key: string | undefined
}

type TcpState = { readonly kind: 'opening' } | { readonly kind: 'authenticating' } | { readonly kind: 'open' } | { readonly kind: 'ended' }

const authMsgid = 0

/** A TCP socket as a {@link Connection}: open once the key is accepted. Requests of one turn of the event loop leave in one write. */
export class TcpConnection implements Connection {
  private readonly address: TcpAddress
  private readonly handlers: ConnectionHandlers
  private readonly socket: Socket
  private readonly splitter = new StreamSplitter(messageBytesMax)
  private readonly writer = new MsgpackWriter(4096)
  private state: TcpState = { kind: 'opening' }
  private flushPlanned = false

  constructor(address: TcpAddress, handlers: ConnectionHandlers) {
    this.address = address
    this.handlers = handlers
    const { host, port, secure } = address
    this.socket = secure ? connectSecurely({ host, port }) : connect({ host, port })
    this.socket.setNoDelay(true).setKeepAlive(true)
    this.socket.on(secure ? 'secureConnect' : 'connect', () => this.connected())
    this.socket.on('data', (chunk) => this.received(chunk))
    this.socket.on('error', (error) => this.end(error.message))
    this.socket.on('close', () => this.end('the server closed the connection'))
  }

  send(msgid: number, method: string, params: readonly Plain[]): void {
    const { length } = this.writer
    try {
      writeRequest(this.writer, msgid, method, params)
    } catch (error) {
      // Half a request would spoil all that follow.
      this.writer.length = length
      throw error
    }
    if (this.flushPlanned) return
    this.flushPlanned = true
    queueMicrotask(() => this.flush())
  }

  close(): void {
    this.state = { kind: 'ended' }
    this.socket.destroy()
  }

  private flush(): void {
    this.flushPlanned = false
    const bytes = this.writer.finish()
    if (this.state.kind !== 'ended') this.socket.write(bytes)
  }

  private connected(): void {
    if (this.address.key === undefined) {
      this.opened()
      return
    }
    this.state = { kind: 'authenticating' }
    this.send(authMsgid, 'auth', [this.address.key])
  }

  private opened(): void {
    this.state = { kind: 'open' }
    this.handlers.onOpen()
  }

  private received(chunk: Uint8Array): void {
    try {
      this.splitter.feed(chunk, (bytes, from, to) => this.take(decodeMessage(bytes, from, to)))
    } catch (error) {
      this.end(`the server sent what is not a message: ${String(error)}`)
    }
  }

  /** Whoever hears one message may close the connection before the next. */
  private take(message: Message): void {
    if (this.state.kind === 'open') this.handlers.onMessage(message)
    else if (this.state.kind === 'authenticating' && message.kind === 'response' && message.msgid === authMsgid) {
      if (message.error === null) this.opened()
      else this.end(`the server refused the key: ${message.error.message}`, message.error)
    }
  }

  private end(reason: string, refusal?: Refusal): void {
    if (this.state.kind === 'ended') return
    this.state = { kind: 'ended' }
    this.socket.destroy()
    this.handlers.onEnd(refusal === undefined ? { reason } : { reason, refusal })
  }
}
