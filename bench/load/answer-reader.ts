/** Told of every answer that was found, by the slot of its request (request-ring.ts). */
export interface AnswerSink {
  /** The call succeeded. */
  done(slot: number): void
  /** The call was refused with this code. */
  refused(slot: number, code: string): void
  /** Something has to be sent at once, outside of the calls: a WebSocket's pong. */
  reply(bytes: Uint8Array): void
}

/** Finds the answers in one connection's bytes and looks no deeper into them than counting takes. */
export interface AnswerReader {
  /** Reports the whole answers in `bytes[from, to)` and returns where the first incomplete one begins. Throws a {@link ProtocolFault}. */
  read(bytes: Uint8Array, from: number, to: number, sink: AnswerSink): number
}

/** The peer said something that its protocol does not allow, or closed the connection. */
export class ProtocolFault extends Error {
  readonly code = 'PROTOCOL'
}
