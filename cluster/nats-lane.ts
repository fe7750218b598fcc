import { MessageWriter, messageOverheadBytes } from './bus-message.ts'
import type { SendResult } from './bus.ts'
import type { NatsLink } from './nats-link.ts'
import type { NatsConnection } from './nats.ts'
import type { World } from './world.ts'

export interface NatsLaneLimits {
  /** Bytes that were sent and that the server is not known to have taken: more are refused. They are kept until then where receipts are asked for. */
  readonly underWayBytesMax: number
  /** A message that has reached this size is sent at once, and frames above it go alone. */
  readonly messageBytes: number
}

/** What a lane counted since it was made. */
export interface NatsLaneCounts {
  frames: number
  bytes: number
  messages: number
  /** Frames that were refused: no connection, or too much under way. */
  full: number
  /** Bytes that were under way when a connection was lost: they arrived or not. */
  lostBytes: number
}

/** Called with what certainly nobody got. */
export type OnUnreceived = (message: MessageWriter) => void

/**
 * What goes out on one connection of the bus. Frames that are sent before the event loop comes round share a message per subject. The server
 * handles a connection's messages in order, so the answer to a ping tells that all before it were taken: that is the credit, and the end of what has to be
 * kept. One ping is under way at a time, so it costs little however much is sent.
 *
 * With receipts, each message names an inbox of its own. Where nobody serves the subject the server says so there (503), before it answers the next ping.
 */
export class NatsLane {
  readonly counts: NatsLaneCounts = { frames: 0, bytes: 0, messages: 0, full: 0, lostBytes: 0 }
  readonly #link: NatsLink
  readonly #world: World
  readonly #limits: NatsLaneLimits
  readonly #receipts: { readonly inbox: string; readonly onUnreceived: OnUnreceived } | undefined
  /** Not yet handed to the connection, by subject. */
  readonly #open = new Map<string, MessageWriter>()
  /** Handed over and not known to be taken, by number, oldest first. Used with receipts only. */
  readonly #kept = new Map<number, MessageWriter>()
  #flushIsDue = false
  #lastNumber = 0
  /** Of the present connection: sent, handed to it, and known to be taken by the server. Frames count with what is around them. */
  #takenBytes = 0
  #handedBytes = 0
  #arrivedBytes = 0
  #pinging = false

  constructor(parts: {
    readonly link: NatsLink
    readonly world: World
    readonly limits: NatsLaneLimits
    readonly onUnreceived?: OnUnreceived
  }) {
    this.#link = parts.link
    this.#world = parts.world
    this.#limits = parts.limits
    parts.link.listen({ down: () => this.#dropped() })
    if (parts.onUnreceived === undefined) return
    const inbox = `_INBOX.${parts.world.random.id(16)}`
    this.#receipts = { inbox, onUnreceived: parts.onUnreceived }
    parts.link.subscribe(`${inbox}.*`, ({ subject, headers }) => {
      if (headers?.code === noResponders) this.#unreceived(Number.parseInt(subject.slice(inbox.length + 1), numberRadix))
    })
  }

  get underWayBytes(): number {
    return this.#takenBytes - this.#arrivedBytes
  }

  send(subject: string, frame: Uint8Array): SendResult {
    const connection = this.#link.connection
    const bytes = frame.length + messageOverheadBytes
    if (connection === undefined || this.underWayBytes + bytes > this.#limits.underWayBytesMax) {
      this.counts.full++
      return 'full'
    }
    this.#takenBytes += bytes
    this.counts.frames++
    this.counts.bytes += frame.length
    const { messageBytes } = this.#limits
    let message = this.#open.get(subject)
    if (message !== undefined && message.length + bytes > messageBytes) {
      this.#hand(connection, message)
      message = undefined
    }
    if (message === undefined) {
      message = new MessageWriter(subject, frame.length)
      this.#open.set(subject, message)
    }
    message.add(frame)
    if (!this.#flushIsDue) {
      this.#flushIsDue = true
      this.#world.timers.soon(() => this.flush())
    }
    return 'sent'
  }

  /** Sends what is open; happens by itself when the event loop comes round. */
  flush(): void {
    this.#flushIsDue = false
    const connection = this.#link.connection
    if (connection === undefined) return
    for (const message of this.#open.values()) this.#hand(connection, message)
    this.#ping(connection)
  }

  #hand(connection: NatsConnection, message: MessageWriter): void {
    const { subject } = message
    this.#open.delete(subject)
    this.#handedBytes += message.takenBytes
    this.counts.messages++
    const receipts = this.#receipts
    if (receipts === undefined) return connection.publish(subject, message.finish())
    const number = ++this.#lastNumber
    this.#kept.set(number, message)
    connection.publish(subject, message.finish(), `${receipts.inbox}.${number.toString(numberRadix)}`)
  }

  #ping(connection: NatsConnection): void {
    if (this.#pinging || this.#handedBytes === this.#arrivedBytes) return
    this.#pinging = true
    const handedBytes = this.#handedBytes
    const lastNumber = this.#lastNumber
    connection.ping(() => {
      if (connection !== this.#link.connection) return
      this.#pinging = false
      this.#arrivedBytes = handedBytes
      for (const number of this.#kept.keys()) {
        if (number > lastNumber) break
        this.#kept.delete(number)
      }
      this.#ping(connection)
    })
  }

  #unreceived(number: number): void {
    const message = this.#kept.get(number)
    if (message === undefined) return
    this.#kept.delete(number)
    this.#receipts?.onUnreceived(message)
  }

  /** The connection is lost. What was handed to it arrived or not; what was not, nobody got. */
  #dropped(): void {
    const open = [...this.#open.values()]
    this.counts.lostBytes += this.#handedBytes - this.#arrivedBytes
    this.#open.clear()
    this.#kept.clear()
    this.#takenBytes = 0
    this.#handedBytes = 0
    this.#arrivedBytes = 0
    this.#pinging = false
    for (const message of open) this.#receipts?.onUnreceived(message)
  }
}

const noResponders = 503
const numberRadix = 36
