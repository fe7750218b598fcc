import type { Socket } from 'node:net'
import type { CloseReason, Connection } from './connection.ts'
import { type Identity, nobody } from './identity.ts'
import type { Notification } from './notification.ts'

const firstOutBytes = 4 * 1024

/** One msgpack-RPC connection. Answers gather in one buffer and leave in one write per turn of the event loop. */
export class RpcConnection implements Connection {
  readonly transport = 'rpc'
  readonly address: string
  identity: Identity = nobody
  inFlight = 0
  index = -1
  turn = 0
  readonly watched = new Set<string>()
  private readonly socket: Socket
  private readonly backpressureBytesMax: number
  private readonly onSlow: () => void
  private out: Buffer = Buffer.allocUnsafeSlow(firstOutBytes)
  private length = 0
  /** Nothing that comes in after this is read. */
  closing = false

  constructor(socket: Socket, address: string, backpressureBytesMax: number, onSlow: () => void) {
    this.socket = socket
    this.address = address
    this.backpressureBytesMax = backpressureBytesMax
    this.onSlow = onSlow
  }

  respond(bytes: Uint8Array, from: number, to: number): void {
    const end = this.length + to - from
    if (end > this.out.length) this.grow(end)
    const { out } = this
    // Most answers are short: a loop is faster than the call into Buffer.copy.
    for (let i = from, at = this.length; i < to; i++) out[at++] = bytes[i] as number
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
    this.socket.write(this.out.subarray(0, this.length))
    // Mostly the kernel has taken the bytes by now. Otherwise the socket keeps them, and the next answers begin another buffer.
    if (this.socket.writableLength > 0) this.out = Buffer.allocUnsafeSlow(Math.max(firstOutBytes, this.length))
    this.length = 0
    if (this.socket.writableLength <= this.backpressureBytesMax) return
    this.onSlow()
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
    this.out = larger
  }
}
