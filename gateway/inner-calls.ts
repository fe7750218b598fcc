import type { Refusal } from '../protocol/codes.ts'
import { refusal } from '../protocol/codes.ts'
import { decodeMessage } from '../protocol/envelope.ts'
import type { Plain } from '../protocol/msgpack-writer.ts'
import type { CloseReason, Connection, Connections } from './connection.ts'
import { type Dispatcher, httpMsgid } from './dispatcher.ts'
import type { Identity } from './identity.ts'

export type InnerAnswer = { readonly error: null; readonly result: Plain } | { readonly error: Refusal }

/** For whom a call is made, and from where that person speaks to this process. */
export interface InnerCaller {
  readonly identity: Identity
  readonly address: string
}

/**
 * Calls that begin in this process, as the console's do. They take the way of every other call, with its limits, roles and counters: whatever a method does for a client it does
 * here.
 */
export class InnerCalls {
  private readonly connections: Connections
  private readonly dispatcher: Pick<Dispatcher, 'request' | 'flush'>

  constructor(connections: Connections, dispatcher: Pick<Dispatcher, 'request' | 'flush'>) {
    this.connections = connections
    this.dispatcher = dispatcher
  }

  /** Resolves with the answer; that there is one, in time, the dispatcher sees to. */
  call({ identity, address }: InnerCaller, method: string, params: readonly Plain[]): Promise<InnerAnswer> {
    return new Promise((resolve) => {
      const connection = new InnerConnection(identity, address, (answer) => {
        this.connections.remove(connection)
        resolve(answer)
      })
      this.connections.add(connection)
      this.dispatcher.request(connection, { kind: 'request', msgid: httpMsgid, method, params })
      this.dispatcher.flush()
    })
  }
}

/** A connection that is answered once, like a single HTTP call. */
class InnerConnection implements Connection {
  readonly transport = 'http'
  readonly address: string
  identity: Identity
  inFlight = 0
  index = -1
  turn = 0
  private readonly answered: (answer: InnerAnswer) => void

  constructor(identity: Identity, address: string, answered: (answer: InnerAnswer) => void) {
    this.identity = identity
    this.address = address
    this.answered = answered
  }

  respond(bytes: Uint8Array, from: number, to: number): void {
    const message = decodeMessage(bytes, from, to)
    if (message.kind !== 'response') throw new Error('a call can only be answered by a response')
    const { error, result } = message
    this.answered(error === null ? { error, result } : { error })
  }

  /** Somebody closed it before there was an answer: what became of the call is not known. */
  close(_reason: CloseReason): void {
    this.answered({ error: refusal('UNAVAILABLE') })
  }

  /** Events need a socket. */
  notify(): void {}
  watch(): void {}
  flush(): void {}
}
