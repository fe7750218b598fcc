import {
  decodeJsonMessage,
  decodeMessage,
  jsonSubprotocol,
  type msgpackSubprotocol,
  tokenSubprotocolPrefix,
  writeRequest,
} from '../envelope.ts'
import { MsgpackWriter, type Plain } from '../msgpack-writer.ts'
import type { Connection, ConnectionHandlers } from './connection.ts'

/** The part of the WebSocket API that is used; a browser's own and that of the package `ws` both have it. */
export interface Socket {
  binaryType: string
  readonly protocol: string
  send(data: string | Uint8Array<ArrayBuffer>): void
  close(code?: number): void
  addEventListener(type: 'open' | 'error', listener: () => void): void
  addEventListener(type: 'close', listener: (event: { readonly code: number; readonly reason: string }) => void): void
  addEventListener(type: 'message', listener: (event: { readonly data: unknown }) => void): void
}

export type SocketConstructor = new (url: string, protocols: string[]) => Socket

export type Subprotocol = typeof jsonSubprotocol | typeof msgpackSubprotocol

export interface SocketAddress {
  readonly url: string
  readonly subprotocol: Subprotocol
  readonly Socket: SocketConstructor
  /** Undefined: the server knows the user by other means. */
  readonly token: (() => Promise<string>) | undefined
}

/** Each state has only what it can have. */
type SocketState =
  | { readonly kind: 'fetching-token' }
  | { readonly kind: 'opening'; readonly socket: Socket }
  | { readonly kind: 'open'; readonly socket: Socket }
  | { readonly kind: 'ended' }

/** A WebSocket as a {@link Connection}: fetches the token, opens, and carries one message a frame. */
export class SocketConnection implements Connection {
  private readonly address: SocketAddress
  private readonly handlers: ConnectionHandlers
  private readonly writer = new MsgpackWriter()
  private state: SocketState = { kind: 'fetching-token' }

  constructor(address: SocketAddress, handlers: ConnectionHandlers) {
    this.address = address
    this.handlers = handlers
    const token = address.token?.() ?? Promise.resolve(undefined)
    token.then(
      (text) => this.open(text),
      (error: unknown) => this.end(`no token: ${String(error)}`),
    )
  }

  send(msgid: number, method: string, params: readonly Plain[]): void {
    if (this.state.kind !== 'open') return
    if (this.address.subprotocol === jsonSubprotocol) {
      this.state.socket.send(JSON.stringify([0, msgid, method, params]))
      return
    }
    this.writer.length = 0
    writeRequest(this.writer, msgid, method, params)
    this.state.socket.send(this.writer.finish())
  }

  close(): void {
    const { state } = this
    this.state = { kind: 'ended' }
    if (state.kind === 'opening' || state.kind === 'open') state.socket.close(1000)
  }

  private open(token: string | undefined): void {
    if (this.state.kind !== 'fetching-token') return
    const { url, subprotocol, Socket } = this.address
    let socket: Socket
    try {
      socket = new Socket(url, token === undefined ? [subprotocol] : [subprotocol, tokenSubprotocolPrefix + token])
    } catch (error) {
      this.end(`the socket was not made: ${String(error)}`)
      return
    }
    socket.binaryType = 'arraybuffer'
    this.state = { kind: 'opening', socket }
    socket.addEventListener('open', () => this.opened(socket))
    socket.addEventListener('message', (event) => this.received(event.data))
    // The close event that follows says all that there is to know; Node's sockets want a listener.
    socket.addEventListener('error', () => undefined)
    socket.addEventListener('close', (event) =>
      this.end(`the socket closed with ${event.code}${event.reason === '' ? '' : `: ${event.reason}`}`),
    )
  }

  private opened(socket: Socket): void {
    if (this.state.kind !== 'opening') return
    if (socket.protocol !== this.address.subprotocol) {
      this.abandon(socket, `the server does not speak ${this.address.subprotocol}`)
      return
    }
    this.state = { kind: 'open', socket }
    this.handlers.onOpen()
  }

  private received(data: unknown): void {
    if (this.state.kind !== 'open') return
    const { socket } = this.state
    let message
    try {
      message = decodeFrame(data)
    } catch (error) {
      this.abandon(socket, `the server sent what is not a message: ${String(error)}`)
      return
    }
    this.handlers.onMessage(message)
  }

  private abandon(socket: Socket, reason: string): void {
    socket.close(1000)
    this.end(reason)
  }

  private end(reason: string): void {
    if (this.state.kind === 'ended') return
    this.state = { kind: 'ended' }
    this.handlers.onEnd({ reason })
  }
}

function decodeFrame(data: unknown) {
  if (typeof data === 'string') return decodeJsonMessage(data)
  if (data instanceof ArrayBuffer) return decodeMessage(new Uint8Array(data))
  throw new TypeError('a frame is neither text nor binary')
}
