import type { Connection } from '../../gateway/connection.ts'
import type { Identity } from '../../gateway/identity.ts'

/** A service's connection without a socket: counts what it is told. */
export class CountingConnection implements Connection {
  readonly transport = 'rpc'
  readonly address = '127.0.0.1'
  readonly identity: Identity = { role: 'backend', key: 'backend', proof: '' }
  inFlight = 0
  index = -1
  turn = 0
  answers = 0

  respond(): void {
    this.answers++
  }

  flush(): void {}

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
