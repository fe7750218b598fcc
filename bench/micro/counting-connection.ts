import type { Connection } from '../../gateway/connection.ts'
import type { Identity } from '../../gateway/identity.ts'

/** A service's connection without a socket: copies what it is told, like a real one, and counts. */
export class CountingConnection implements Connection {
  readonly transport = 'rpc'
  readonly address = '127.0.0.1'
  readonly identity: Identity = { role: 'backend' }
  inFlight = 0
  index = -1
  turn = 0
  answers = 0
  private readonly out = new Uint8Array(64 * 1024)
  private length = 0

  respond(bytes: Uint8Array, from: number, to: number): void {
    for (let i = from; i < to; i++) this.out[this.length++] = bytes[i] as number
    this.answers++
  }

  flush(): void {
    this.length = 0
  }

  notify(): void {
    throw new Error('a bench gets no events')
  }

  watch(): void {
    throw new Error('a bench watches nothing')
  }

  close(): void {
    throw new Error('a bench is not closed')
  }
}
