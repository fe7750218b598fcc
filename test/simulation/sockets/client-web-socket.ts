import type { Socket, SocketConstructor } from '../../../protocol/client/socket-connection.ts'
import type { ClientEnd, ClientHandlers } from './client-end.ts'
import type { SocketData } from './socket-wire.ts'

export type ClientDial = (url: string, protocols: readonly string[], handlers: ClientHandlers) => Pick<ClientEnd, 'send' | 'close'>

type EventName = 'open' | 'error' | 'close' | 'message'

interface SocketEvent {
  readonly data: unknown
  readonly code: number
  readonly reason: string
}

type Listener = (event: SocketEvent) => void

const noEvent: SocketEvent = { data: undefined, code: 0, reason: '' }

/** The WebSocket of one device's platform, as far as the client SDK uses it. After its own `close` a socket says nothing more. */
export function webSocketClass(dial: ClientDial): SocketConstructor {
  return class implements Socket {
    binaryType = 'blob'
    protocol = ''
    private readonly listeners: Record<EventName, Listener[]> = { open: [], error: [], close: [], message: [] }
    private readonly end: Pick<ClientEnd, 'send' | 'close'>

    constructor(url: string, protocols: string[]) {
      this.end = dial(url, protocols, {
        opened: (protocol) => {
          this.protocol = protocol
          this.tell('open', noEvent)
        },
        received: (data) => this.tell('message', { ...noEvent, data: this.dataOf(data) }),
        ended: (code, reason) => {
          if (this.protocol === '') this.tell('error', noEvent)
          this.tell('close', { ...noEvent, code, reason })
        },
      })
    }

    send(data: string | Uint8Array<ArrayBuffer>): void {
      if (this.protocol === '') throw new Error('the socket is not open yet')
      this.end.send(typeof data === 'string' ? data : new Uint8Array(data))
    }

    close(code = 1000): void {
      this.end.close(code)
    }

    addEventListener(type: EventName, listener: Listener): void {
      this.listeners[type].push(listener)
    }

    private tell(type: EventName, event: SocketEvent): void {
      for (const listener of this.listeners[type]) listener(event)
    }

    private dataOf(data: SocketData): string | ArrayBuffer {
      if (typeof data === 'string') return data
      if (this.binaryType !== 'arraybuffer') throw new Error(`a client that reads ${this.binaryType} is not simulated`)
      return data.buffer
    }
  }
}
