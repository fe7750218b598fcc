import type { Refusal } from '../codes.ts'
import type { Message } from '../envelope.ts'
import type { Plain } from '../msgpack-writer.ts'

/** One socket from dialling to its end, whatever it speaks. The clients are written against this alone. */
export interface Connection {
  /** Sends a request. Only while open; a socket that is already breaking loses it, and says so through `onEnd`. */
  send(msgid: number, method: string, params: readonly Plain[]): void
  /** Ends it at any moment, without another call to its handlers. */
  close(): void
}

export interface ConnectionHandlers {
  /** Once, when requests may be sent: the server has accepted who is calling. */
  onOpen(): void
  onMessage(message: Message): void
  /** Once, as the last call; never after `close`. */
  onEnd(end: ConnectionEnd): void
}

/** Begins to connect and returns at once; handlers are called later, never from inside. */
export type Dial = (handlers: ConnectionHandlers) => Connection

export interface ConnectionEnd {
  /** For people and logs. */
  readonly reason: string
  /** The server said no to the caller itself. */
  readonly refusal?: Refusal
}
