import type { SocketData, SocketState, Wire } from './socket-wire.ts'

/** What a client's socket hears, always in an event of its own. After `ended` nothing more. */
export interface ClientHandlers {
  opened(protocol: string): void
  received(data: SocketData): void
  ended(code: number, reason: string): void
}

interface ClientEndParts {
  readonly handlers: ClientHandlers
  readonly put: (wire: Wire) => void
  readonly onEnded: () => void
}

/** A client's end of a WebSocket. */
export class ClientEnd {
  state: SocketState = 'opening'
  private readonly parts: ClientEndParts

  constructor(parts: ClientEndParts) {
    this.parts = parts
  }

  send(data: SocketData): void {
    if (this.state === 'open') this.parts.put({ kind: 'data', data })
  }

  /** Nothing is heard after this. */
  close(code: number): void {
    if (this.state === 'ended') return
    this.parts.put({ kind: 'bye', code, reason: '' })
    this.gone()
  }

  arrive(wire: Wire): void {
    if (this.state === 'ended') return
    const { handlers } = this.parts
    switch (wire.kind) {
      case 'welcome':
        this.state = 'open'
        return handlers.opened(wire.protocol)
      case 'data':
        return handlers.received(wire.data)
      case 'bye':
        return this.end(wire.code, wire.reason)
      case 'hello':
        throw new Error('a server does not greet its client')
    }
  }

  /** The connection is gone. */
  end(code: number, reason: string): void {
    if (this.state === 'ended') return
    this.gone()
    this.parts.handlers.ended(code, reason)
  }

  /** The device is. */
  gone(): void {
    if (this.state === 'ended') return
    this.state = 'ended'
    this.parts.onEnded()
  }
}
