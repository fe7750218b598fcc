import { decodeStrict } from '../protocol/msgpack-reader.ts'
import type { CloseReason, UserSocket } from './connection.ts'
import type { FramePace } from './frame-pace.ts'
import type { GatewayCounters } from './gateway-counters.ts'
import type { Identity } from './identity.ts'
import type { LineFrame } from './line-frames.ts'
import type { Notification } from './notification.ts'
import type { WebSocket } from './uws.ts'

/** What the upgrade found out; uWebSockets.js keeps it with the socket. */
export interface SocketData {
  readonly identity: Identity
  readonly address: string
  readonly json: boolean
  connection: WebSocketConnection | undefined
}

/** Close codes of RFC 6455 and, from 4000 on, our own. */
const closeCodes: Record<CloseReason, number> = {
  malformed: 1007,
  'too-large': 1009,
  unauthorized: 4401,
  banned: 4403,
  slow: 4408,
  idle: 4409,
  'rate-limited': 4429,
  drain: 1012,
  gone: 1001,
}

const sendDropped = 2

/** One WebSocket. Results and personal events must arrive or the socket is closed, so that the client resumes; stock ticks may be dropped. */
export class WebSocketConnection implements UserSocket {
  readonly transport = 'ws'
  readonly address: string
  identity: Identity
  inFlight = 0
  index = -1
  turn = 0
  /** None for services, which are not rated. */
  readonly pace: FramePace | undefined
  private readonly socket: WebSocket<SocketData>
  readonly codec: 'msgpack' | 'json'
  private readonly counters: GatewayCounters
  /** Nothing that comes in after this is read. */
  isOpen = true
  /** Responses of this turn. A frame that is sent alone costs a system call; together they cost one. */
  private gathered: (string | Uint8Array)[] = []

  constructor(socket: WebSocket<SocketData>, data: SocketData, pace: FramePace | undefined, counters: GatewayCounters) {
    this.pace = pace
    this.socket = socket
    this.address = data.address
    this.identity = data.identity
    this.codec = data.json ? 'json' : 'msgpack'
    this.counters = counters
  }

  respond(bytes: Uint8Array, from: number, to: number): void {
    this.gathered.push(this.json ? JSON.stringify(decodeStrict(bytes, from, to)) : bytes.slice(from, to))
  }

  /** After the responses that came before it. */
  notify(notification: Notification): void {
    this.flush()
    this.send(this.json ? notification.json : notification.msgpack)
  }

  tellPlace(frame: LineFrame): boolean {
    if (!this.isOpen) return true
    if (this.socket.getBufferedAmount() > 0) return false
    this.flush()
    this.send(this.json ? frame.json : frame.msgpack)
    return true
  }

  watch(sku: string, on: boolean): void {
    if (!this.isOpen) return
    const topic = stockTopic(sku, this.json)
    if (on) this.socket.subscribe(topic)
    else this.socket.unsubscribe(topic)
  }

  flush(): void {
    const { gathered } = this
    if (gathered.length === 0) return
    this.gathered = []
    if (!this.isOpen) return
    this.socket.cork(() => {
      for (const message of gathered) this.send(message)
    })
  }

  close(reason: CloseReason): void {
    this.flush()
    if (!this.isOpen) return
    this.isOpen = false
    this.socket.end(closeCodes[reason], reason)
  }

  /** The socket is gone; sending to it from now on would throw. */
  closed(): void {
    this.isOpen = false
  }

  private get json(): boolean {
    return this.codec === 'json'
  }

  private send(message: string | Uint8Array): void {
    if (!this.isOpen) return
    this.counters.sends.ws++
    if (this.socket.send(message, !this.json) !== sendDropped) return
    this.counters.slowClosed++
    this.isOpen = false
    this.socket.close()
  }
}

/** The topic of a SKU's stock in one codec. */
export function stockTopic(sku: string, json: boolean): string {
  return `${json ? 'j' : 'm'}/${sku}`
}
