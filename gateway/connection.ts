import type { Identity } from './identity.ts'
import type { LineFrame } from './line-frames.ts'
import type { Notification } from './notification.ts'

/**
 * One way to answer somebody: a socket, or a single HTTP call. Transports implement it (rpc-connection.ts, web-socket-connection.ts, http-call.ts);
 * everything else of the gateway knows only this.
 */
export interface Connection {
  readonly transport: 'rpc' | 'ws' | 'http'
  readonly address: string
  identity: Identity
  /** Calls that wait for an answer. */
  inFlight: number
  /** Place in the {@link Connections} table; a late answer to an earlier user of the place finds another turn. */
  index: number
  turn: number
  /** Sends a finished msgpack response, `bytes[from, to)`; the transport transcodes it if it speaks another codec. It may wait for `flush`. */
  respond(bytes: Uint8Array, from: number, to: number): void
  notify(notification: Notification): void
  /** Whether this connection gets the SKU's public stock from now on. HTTP calls cannot. */
  watch(sku: string, on: boolean): void
  /** Hands what has been gathered to the network. */
  flush(): void
  close(reason: CloseReason): void
}

/** A user's WebSocket. */
export interface UserSocket extends Connection {
  readonly codec: 'msgpack' | 'json'
  /** Sends a place in line, unless something sent before is still unread: false then, for by the time that it is read there may be a newer one. */
  tellPlace(frame: LineFrame): boolean
}

export type CloseReason = 'malformed' | 'too-large' | 'unauthorized' | 'slow' | 'idle' | 'drain' | 'gone' | 'banned' | 'rate-limited'

/** Open connections by number, so that a pending call can name one in 32 bits. */
export class Connections {
  private readonly rows: (Connection | undefined)[] = []
  private readonly turns: number[] = []
  private readonly free: number[] = []
  private open = 0

  get size(): number {
    return this.open
  }

  add(connection: Connection): void {
    const index = this.free.pop() ?? this.rows.length
    const turn = (this.turns[index] ?? 0) + 1
    this.rows[index] = connection
    this.turns[index] = turn
    connection.index = index
    connection.turn = turn
    this.open++
  }

  remove(connection: Connection): void {
    if (this.rows[connection.index] !== connection) return
    this.rows[connection.index] = undefined
    this.free.push(connection.index)
    this.open--
  }

  find(index: number, turn: number): Connection | undefined {
    return this.turns[index] === turn ? this.rows[index] : undefined
  }

  *[Symbol.iterator](): Generator<Connection> {
    for (const connection of this.rows) if (connection !== undefined) yield connection
  }
}
