import { FixedQueue, Piscina } from 'piscina'
import type { LineEncoder, LineRound } from '../gateway/line-frames.ts'

/** Rounds that wait for the thread; more of them would be too old when their turn comes. */
const queueMax = 8

/**
 * Encodes position rounds in a thread. Neither the numbers that it is given nor the buffer that comes back are copied; the thread is there from the start,
 * for the first round would wait for it.
 */
export class LineEncoderPool implements LineEncoder {
  /** From here on the event loop stands still for less time if a thread does it (`npm run bench -- --filter frames`). */
  readonly framesMin = 500
  private readonly pool = new Piscina<LineRound, Uint8Array>({
    filename: new URL('./line-frames-worker.js', import.meta.url).href,
    name: 'encode',
    minThreads: 1,
    maxThreads: 1,
    maxQueue: queueMax,
    taskQueue: new FixedQueue(),
    recordTiming: false,
  })

  encode(round: LineRound): Promise<Uint8Array> {
    const { tickets, aheads, codecs } = round
    return this.pool.run(round, { transferList: [tickets.buffer, aheads.buffer, codecs.buffer] })
  }

  /** Ends the thread; what it is at rejects. */
  close(): Promise<void> {
    return this.pool.destroy()
  }
}
