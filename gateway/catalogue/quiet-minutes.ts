import type { Clock } from '../../cluster/world.ts'

/** A minute is quiet if it had at most this share of the calls of the busiest one of the last day, */
const quietShare = 0.1
/** or so few that they do not matter. */
const callsIdle = 60
const minutesMax = 24 * 60
const minuteMs = 60_000

/** Says from the traffic of the last day whether this is a time for work that can wait. */
export class QuietMinutes {
  private readonly clock: Clock
  private readonly minutes: number[] = []
  private begunAt: number
  private callsBefore: number

  constructor(clock: Clock, calls: number) {
    this.clock = clock
    this.begunAt = clock.monotonic()
    this.callsBefore = calls
  }

  /** Calls in the last whole minute; undefined before there was one. */
  get lastMinute(): number | undefined {
    return this.minutes.at(-1)
  }

  get busiest(): number {
    return this.minutes.reduce((most, calls) => Math.max(most, calls), 0)
  }

  get isQuiet(): boolean {
    const { lastMinute } = this
    return lastMinute !== undefined && lastMinute <= Math.max(callsIdle, this.busiest * quietShare)
  }

  /** Looks at how many calls there have been ever. True when a minute has ended. */
  take(calls: number): boolean {
    const now = this.clock.monotonic()
    const passed = now - this.begunAt
    if (passed < minuteMs) return false
    // A loop that was held up has counted more than a minute.
    this.minutes.push(((calls - this.callsBefore) * minuteMs) / passed)
    if (this.minutes.length > minutesMax) this.minutes.shift()
    this.begunAt = now
    this.callsBefore = calls
    return true
  }
}
