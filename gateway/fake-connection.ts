import { decodeMessage, type Message } from '../protocol/envelope.ts'
import type { EventName } from '../protocol/results.ts'
import type { CloseReason, Connection } from './connection.ts'
import { type Identity, nobody } from './identity.ts'
import type { Notification } from './notification.ts'

/** A connection without a network, for tests: keeps what it is told. */
export class FakeConnection implements Connection {
  readonly transport: Connection['transport']
  readonly address: string
  identity: Identity
  inFlight = 0
  index = -1
  turn = 0
  readonly answers: Message[] = []
  readonly events: { readonly name: EventName; readonly content: unknown }[] = []
  readonly watched = new Set<string>()
  flushes = 0
  closedFor: CloseReason | undefined

  constructor(parts: { readonly transport?: Connection['transport']; readonly address?: string; readonly identity?: Identity } = {}) {
    this.transport = parts.transport ?? 'ws'
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
