import type { Sender } from './pacing.ts'

/** What calls go over: a connection, or the way into one link of the chain. The caller keeps `underWay` within its depth. */
export interface Lane extends Sender {
  readonly isOpen: boolean
  /** That went both ways so far; of a connection its greeting too. */
  readonly bytes: number
  /** Gives back the time of every call that has no answer, and ends the lane. */
  close(unanswered: (sentAt: number) => void): void
}

/** What a run wants to know of its lanes. Times are ms of `performance.now()`. */
export interface LaneListener {
  /** The call that should have been sent at `sentAt` was answered at `now`; without a code it succeeded. */
  answered(sentAt: number, now: number, code: string | undefined): void
  /** Everything that came in at once has been reported. */
  settled(lane: Lane, now: number): void
  /** The lane is gone; its calls stay without an answer. */
  lost(lane: Lane, reason: Error): void
}

/** All lanes of one part of a load. */
export interface OpenLanes {
  readonly lanes: readonly Lane[]
  /** Calls that one of them may have under way. */
  readonly depth: number
  /** Ends what stands behind them, once they are closed. */
  close(): Promise<void>
}
