import { TokenBucket } from './token-bucket.ts'

/** What becomes of a frame: it is read, it is refused for the moment, or its connection is closed. */
export type FrameVerdict = 'read' | 'refused' | 'closed'

/** Frames that are refused and answered, at once and over time; whoever goes on after that does not listen. */
const refusedBurst = 100
const refusedPerSecond = 1

/** How often one connection may send, whatever it sends: a frame costs work before it is known whether it is a call. */
export class FramePace {
  private readonly frames: TokenBucket
  /** Made when it is needed, which it hardly ever is. */
  private patience: TokenBucket | undefined

  constructor(ratePerSecond: number, burst: number, now: number) {
    this.frames = new TokenBucket(ratePerSecond, burst, now)
  }

  take(now: number): FrameVerdict {
    if (this.frames.take(1, now) > 0) return 'read'
    this.patience ??= new TokenBucket(refusedPerSecond, refusedBurst, now)
    return this.patience.take(1, now) > 0 ? 'refused' : 'closed'
  }

  /** When the next frame is read; one that comes earlier does not put it off. */
  get retryAfterMs(): number {
    return this.frames.waitMs()
  }
}
