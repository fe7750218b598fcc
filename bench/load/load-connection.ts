import { connect, type Socket } from 'node:net'
import { type AnswerReader, type AnswerSink, ProtocolFault } from './answer-reader.ts'
import type { Lane, LaneListener } from './lane.ts'
import { RequestRing } from './request-ring.ts'
import type { Wire } from './wire.ts'

/** All connections read into this, one after another: what came in is used up before the next one reads. In front is room for an incomplete answer. */
export class ReadBuffer {
  readonly bytes = new Uint8Array(carryBytesMax + readBytes)
  /** The part that sockets fill. */
  readonly window = this.bytes.subarray(carryBytesMax)
}

const carryBytesMax = 64 * 1024
const readBytes = 256 * 1024
const free = 0
const noBytes = new Uint8Array(0)

/** One socket that sends prepared requests and matches the answers to the times at which they should have been sent. */
export class LoadConnection implements AnswerSink, Lane {
  readonly index: number
  underWay = 0
  isOpen = false
  private readonly ring: RequestRing
  private readonly reader: AnswerReader
  private readonly sentAt: Float64Array
  private readonly socket: Socket
  private readonly buffer: ReadBuffer
  private readonly listener: LaneListener
  /** The incomplete answer that the last read ended with. */
  private carry = noBytes
  private now = 0
  private onReply: ((received: Uint8Array) => void) | undefined
  private onFault: ((reason: Error) => void) | undefined

  private constructor(parts: ConnectionParts) {
    this.index = parts.index
    this.listener = parts.listener
    this.buffer = parts.buffer
    this.ring = new RequestRing(parts.wire.template(parts.number), parts.depth)
    this.reader = parts.wire.answers(this.ring.slots)
    this.sentAt = new Float64Array(this.ring.slots)
    const { window } = parts.buffer
    const callback = (length: number): boolean => this.received(length)
    const from = parts.localAddress === undefined ? {} : { localAddress: parts.localAddress }
    this.socket = connect({ host: parts.host, port: parts.port, noDelay: true, onread: { buffer: window, callback }, ...from })
    this.socket.on('error', (error) => this.fail(error))
    this.socket.on('close', () => this.fail(new ProtocolFault('the server closed the connection')))
  }

  /** Connects and greets. Rejects if the peer cannot be reached or refuses. */
  static async open(parts: ConnectionParts): Promise<LoadConnection> {
    const connection = new LoadConnection(parts)
    await new Promise<void>((resolve, reject) => {
      connection.onFault = reject
      connection.socket.once('connect', resolve)
    })
    const { greeting } = parts.wire
    if (greeting !== undefined) {
      await new Promise<void>((resolve, reject) => {
        connection.onFault = reject
        let received = Buffer.alloc(0)
        connection.onReply = (bytes) => {
          received = Buffer.concat([received, bytes])
          if (greeting.replyLength(received) !== undefined) resolve()
        }
        connection.socket.write(greeting.bytes)
      })
    }
    connection.onReply = undefined
    connection.onFault = undefined
    connection.isOpen = true
    return connection
  }

  send(count: number, sentAt: number): void {
    for (let left = count; left > 0;) {
      const bytes = this.ring.take(left, this.sentAt)
      const end = this.ring.nextSlot === 0 ? this.ring.slots : this.ring.nextSlot
      const taken = this.ring.taken
      for (let slot = end - taken; slot < end; slot++) this.sentAt[slot] = sentAt
      this.socket.write(bytes)
      left -= taken
    }
    this.underWay += count
  }

  get bytes(): number {
    return this.socket.bytesWritten + this.socket.bytesRead
  }

  close(unanswered: (sentAt: number) => void): void {
    for (const sentAt of this.sentAt) if (sentAt !== free) unanswered(sentAt)
    this.isOpen = false
    this.socket.destroy()
  }

  done(slot: number): void {
    this.answer(slot, undefined)
  }

  refused(slot: number, code: string): void {
    this.answer(slot, code)
  }

  reply(bytes: Uint8Array): void {
    this.socket.write(bytes)
  }

  private answer(slot: number, code: string | undefined): void {
    const sentAt = this.sentAt[slot]
    if (sentAt === undefined || sentAt === free) throw new ProtocolFault(`an answer came to call ${slot}, which waits for none`)
    this.sentAt[slot] = free
    this.underWay--
    this.listener.answered(sentAt, this.now, code)
  }

  private received(length: number): boolean {
    const { bytes, window } = this.buffer
    try {
      if (this.onReply !== undefined) this.onReply(window.subarray(0, length))
      else this.read(bytes, length)
    } catch (error) {
      if (!(error instanceof Error)) throw error
      this.fail(error)
    }
    return true
  }

  private read(bytes: Uint8Array, length: number): void {
    this.now = performance.now()
    const from = carryBytesMax - this.carry.length
    const to = carryBytesMax + length
    bytes.set(this.carry, from)
    const end = this.reader.read(bytes, from, to, this)
    if (to - end > carryBytesMax) throw new ProtocolFault(`an answer is longer than ${carryBytesMax} bytes`)
    this.carry = end === to ? noBytes : bytes.slice(end, to)
    this.listener.settled(this, this.now)
  }

  private fail(reason: Error): void {
    const { onFault } = this
    this.onFault = undefined
    this.socket.destroy()
    if (onFault !== undefined) return onFault(reason)
    if (!this.isOpen) return
    this.isOpen = false
    this.listener.lost(this, reason)
  }
}

export interface ConnectionParts {
  readonly index: number
  /** Among those of all threads. */
  readonly number: number
  readonly wire: Wire
  readonly host: string
  readonly port: number
  /** Calls under way at most. */
  readonly depth: number
  readonly buffer: ReadBuffer
  readonly listener: LaneListener
  /** This end's. */
  readonly localAddress: string | undefined
}
