import type { Socket } from 'node:net'
import { copyBytes } from '../protocol/copy-bytes.ts'
import type { CloseReason, Connection } from './connection.ts'
import type { FramePace } from './frame-pace.ts'
import type { GatewayCounters } from './gateway-counters.ts'
import { type Identity, nobody } from './identity.ts'
import type { Notification } from './notification.ts'

const firstOutBytes = 4 * 1024
/** A buffer that one large answer has blown up is not kept. */
const keptOutBytesMax = 64 * 1024

/** One msgpack-RPC connection. Answers gather in one buffer and leave in one write per turn of the event loop. */
export class RpcConnection implements Connection {
  readonly transport = 'rpc'
  readonly address: string
  identity: Identity = nobody
  inFlight = 0
  index = -1
  turn = 0
  readonly watched = new Set<string>()
  /** Until it is known whose this is. */
  readonly pace: FramePace
  private readonly socket: Socket
  private readonly backpressureBytesMax: number
  private readonly counters: GatewayCounters
  private out: Buffer = Buffer.allocUnsafeSlow(firstOutBytes)
  private outView = viewOf(this.out)
  private source: Uint8Array = this.out
  private sourceView = this.outView
  private length = 0
  /** Nothing that comes in after this is read. */
  closing = false

  constructor(socket: Socket, address: string, backpressureBytesMax: number, pace: FramePace, counters: GatewayCounters) {
    this.pace = pace
    this.socket = socket
    this.address = address
    this.backpressureBytesMax = backpressureBytesMax
    this.counters = counters
  }

  respond(bytes: Uint8Array, from: number, to: number): void {
    const end = this.length + to - from
    if (end > this.out.length) this.grow(end)
    if (bytes !== this.source) {
      // Answers come in runs out of one frame.
      this.source = bytes
      this.sourceView = viewOf(bytes)
    }
    copyBytes(this.sourceView, from, this.outView, this.length, to - from)
    this.length = end
  }

  notify(notification: Notification): void {
    const { msgpack } = notification
    this.respond(msgpack, 0, msgpack.length)
    this.flush()
  }

  watch(sku: string, on: boolean): void {
    if (on) this.watched.add(sku)
    else this.watched.delete(sku)
  }

  flush(): void {
    if (this.length === 0) return
    if (!this.socket.writable) {
      this.length = 0
      return
    }
    this.counters.sends.rpc++
    this.socket.write(this.out.subarray(0, this.length))
    // Mostly the kernel has taken the bytes by now. Otherwise the socket keeps them, and the next answers begin another buffer.
    if (this.socket.writableLength > 0 || this.out.length > keptOutBytesMax) this.replaceOut(Buffer.allocUnsafeSlow(firstOutBytes))
    this.length = 0
    if (this.socket.writableLength <= this.backpressureBytesMax) return
    this.counters.slowClosed++
    this.close('slow')
  }

  close(reason: CloseReason): void {
    this.closing = true
    // What was answered before still goes out, except to someone who does not read.
    if (reason === 'slow' || reason === 'idle') this.socket.destroy()
    else {
      this.flush()
      this.socket.destroySoon()
    }
  }

  private grow(needed: number): void {
    const larger = Buffer.allocUnsafeSlow(Math.max(needed, this.out.length * 2))
    this.out.copy(larger, 0, 0, this.length)
    this.replaceOut(larger)
  }

  private replaceOut(out: Buffer): void {
    this.out = out
    this.outView = viewOf(out)
  }
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
}
