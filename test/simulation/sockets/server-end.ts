import { abnormalCode, bytesOf, type SocketData, type SocketState, type Wire } from './socket-wire.ts'

/** A server's end of a WebSocket. */
export interface ServerSocket {
  /** Of the client. */
  readonly address: string
  /** What the client has not taken yet. */
  readonly bufferedBytes: number
  send(data: string | Uint8Array): 'sent' | 'dropped' | 'closed'
  close(code: number, reason: string): void
  /** The bytes are valid during the call only. */
  onMessage(listener: (data: SocketData) => void): void
  /** Called once, however it ends; at the server's own `close` before that returns, as uWebSockets does. */
  onClose(listener: (code: number) => void): void
}

/** Decides on a client that wants in, like an HTTP upgrade; undefined refuses it. */
export type Accept = (request: { readonly address: string; readonly protocols: readonly string[] }) => Accepted | undefined

export interface Accepted {
  /** One of those that the client offers. */
  readonly protocol: string
  /** Called with the open socket, before anything can come in. */
  open(socket: ServerSocket): void
}

interface ServerEndParts {
  readonly address: string
  /** Undefined: nobody listens any more. */
  readonly accept: () => Accept | undefined
  readonly bufferedBytesMax: number
  readonly bufferedBytes: () => number
  readonly put: (wire: Wire) => void
  readonly onEnded: () => void
}

export class ServerEnd implements ServerSocket {
  readonly address: string
  state: SocketState = 'opening'
  private readonly parts: ServerEndParts
  private messageListener: (data: SocketData) => void = () => {}
  private closeListener: (code: number) => void = () => {}

  constructor(parts: ServerEndParts) {
    this.parts = parts
    this.address = parts.address
  }

  get bufferedBytes(): number {
    return this.parts.bufferedBytes()
  }

  send(data: string | Uint8Array): 'sent' | 'dropped' | 'closed' {
    if (this.state === 'ended') return 'closed'
    const wire: Wire = { kind: 'data', data: typeof data === 'string' ? data : new Uint8Array(data) }
    if (this.bufferedBytes + bytesOf(wire) > this.parts.bufferedBytesMax) return 'dropped'
    this.parts.put(wire)
    return 'sent'
  }

  close(code: number, reason: string): void {
    if (this.state === 'ended') return
    this.parts.put({ kind: 'bye', code, reason })
    this.end(code)
  }

  onMessage(listener: (data: SocketData) => void): void {
    this.messageListener = listener
  }

  onClose(listener: (code: number) => void): void {
    this.closeListener = listener
  }

  arrive(wire: Wire): void {
    if (this.state === 'ended') return
    switch (wire.kind) {
      case 'hello':
        return this.greet(wire.protocols)
      case 'data':
        this.messageListener(wire.data)
        // Whoever keeps the bytes without a copy is found out.
        if (typeof wire.data !== 'string') wire.data.fill(0xff)
        return
      case 'bye':
        return this.end(wire.code)
      case 'welcome':
        throw new Error('a client does not welcome its server')
    }
  }

  /** The connection is gone. */
  end(code: number): void {
    const wasOpen = this.state === 'open'
    this.gone()
    if (wasOpen) this.closeListener(code)
  }

  /** The process is. */
  gone(): void {
    if (this.state === 'ended') return
    this.state = 'ended'
    this.parts.onEnded()
  }

  private greet(protocols: readonly string[]): void {
    const accepted = this.parts.accept()?.({ address: this.address, protocols })
    if (accepted === undefined) return this.close(abnormalCode, 'refused')
    this.state = 'open'
    this.parts.put({ kind: 'welcome', protocol: accepted.protocol })
    accepted.open(this)
  }
}
