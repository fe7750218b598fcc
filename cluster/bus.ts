/**
 * How frames travel: at most once, in order per sender and subject while nothing is lost. Every adapter passes `bus-contract.ts`.
 * The local bus carries the same frames as NATS, so that the embedded path tests the cluster path.
 */
export interface Bus {
  /**
   * Sends a frame; never blocks, never throws for a frame below `frameBytesMax`. The bytes may be reused as soon as it returns.
   * `refused` is certain knowledge that nobody got it; `sent` promises nothing.
   */
  send(subject: string, frame: Uint8Array): SendResult
  /** Calls `handler` for each frame; the bytes are valid during the call only, so the handler copies what it keeps and returns at once. */
  serve(subject: string, handler: FrameHandler): Served
  /** Called when a frame turns out, later than `send`, to have had no receiver; a network may tell it of commands only. The bytes are valid during the call only. */
  onUndelivered(listener: (subject: string, frame: Uint8Array) => void): void
  close(): Promise<void>
}

/** `no-responders`: nobody serves the subject. `full`: a limit of the bus is reached. */
export type SendResult = 'sent' | 'no-responders' | 'full'

export type FrameHandler = (frame: Uint8Array) => void

export interface Served {
  /**
   * No call of the handler begins after this. Frames that a network has sent here before it learnt of the end go to `late`, if somebody wants them: else
   * they are lost, and whoever sent them waits in vain.
   */
  close(late?: FrameHandler): void
}
