import { decodeJsonMessage, decodeMessage, type Message } from '../protocol/envelope.ts'
import type { EventName } from '../protocol/results.ts'
import type { CloseReason, Connection, UserSocket } from './connection.ts'
import { type Identity, nobody } from './identity.ts'
import type { LineFrame } from './line-frames.ts'
import type { Notification } from './notification.ts'

/** A connection without a network, for tests: keeps what it is told. */
export class FakeConnection implements UserSocket {
  readonly transport: Connection['transport']
  readonly address: string
  identity: Identity
  readonly codec: UserSocket['codec']
  /** A client that does not leaves what it is sent in the socket. */
  reads = true
  inFlight = 0
  index = -1
  turn = 0
  readonly answers: Message[] = []
  readonly events: { readonly name: EventName; readonly content: unknown }[] = []
  readonly watched = new Set<string>()
  flushes = 0
  closedFor: CloseReason | undefined

  constructor(parts: Partial<Pick<UserSocket, 'transport' | 'address' | 'identity' | 'codec'>> = {}) {
    this.transport = parts.transport ?? 'ws'
    this.codec = parts.codec ?? 'msgpack'
    this.address = parts.address ?? '10.0.0.1'
    this.identity = parts.identity ?? nobody
  }

  respond(bytes: Uint8Array, from: number, to: number): void {
    this.answers.push(decodeMessage(bytes, from, to))
  }

  notify(notification: Notification): void {
    const message = decodeMessage(notification.msgpack)
    if (message.kind === 'notification') this.events.push({ name: notification.name, content: message.params[0] })
  }

  tellPlace({ msgpack, json }: LineFrame): boolean {
    if (!this.reads) return false
    const text = typeof json === 'string' ? json : new TextDecoder().decode(json)
    const message = this.codec === 'json' ? decodeJsonMessage(text) : decodeMessage(msgpack)
    if (message.kind === 'notification') this.events.push({ name: 'line', content: message.params[0] })
    return true
  }

  watch(sku: string, on: boolean): void {
    if (on) this.watched.add(sku)
    else this.watched.delete(sku)
  }

  flush(): void {
    this.flushes++
  }

  close(reason: CloseReason): void {
    this.closedFor = reason
  }

  /** The contents of the events of one name, oldest first. */
  eventsOf(name: EventName): unknown[] {
    return this.events.filter((event) => event.name === name).map((event) => event.content)
  }
}
