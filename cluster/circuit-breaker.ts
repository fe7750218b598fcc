import type { Timer, World } from './world.ts'

export interface BreakerLimits {
  /** Failures in a row after which nobody is let through for a while. */
  readonly failuresMax: number
  /** How long at first; each trial that fails makes it twice as long, up to the most. */
  readonly openFirstMs: number
  readonly openMostMs: number
}

/** `closed`: all are let through. `open`: nobody. `half-open`: one at a time, to see whether it works again. */
export type BreakerState = 'closed' | 'open' | 'half-open'

/** A call that was let through; whoever made it says how it ended. */
export interface Passage {
  end(succeeded: boolean): void
}

/**
 * Keeps calls away from a server that fails, and finds out when it works again. What a call that began in an earlier state comes to says nothing of the
 * present one, and is not counted.
 */
export class CircuitBreaker {
  private readonly world: Pick<World, 'clock' | 'timers' | 'random'>
  private readonly limits: BreakerLimits
  private readonly onChange: (state: BreakerState) => void
  private present: BreakerState = 'closed'
  private changes = 0
  private failuresInARow = 0
  /** Openings since it was closed last. */
  private openings = 0
  private isTrying = false
  private timer: Timer | undefined
  private opensAt = 0

  constructor(world: Pick<World, 'clock' | 'timers' | 'random'>, limits: BreakerLimits, onChange: (state: BreakerState) => void) {
    this.world = world
    this.limits = limits
    this.onChange = onChange
  }

  get state(): BreakerState {
    return this.present
  }

  /** ms until one is let through to try again; 0 when that is now. */
  get waitMs(): number {
    return this.present === 'open' ? Math.max(0, Math.ceil(this.opensAt - this.world.clock.monotonic())) : 0
  }

  /** Undefined if the call must not be made. */
  enter(): Passage | undefined {
    if (this.present === 'open' || this.isTrying) return undefined
    this.isTrying = this.present === 'half-open'
    const begunIn = this.changes
    return { end: (succeeded) => (begunIn === this.changes ? this.ended(succeeded) : undefined) }
  }

  /** Does not change by itself any more. */
  stop(): void {
    this.timer?.cancel()
  }

  private ended(succeeded: boolean): void {
    this.failuresInARow = succeeded ? 0 : this.failuresInARow + 1
    if (this.present === 'half-open') return succeeded ? this.become('closed') : this.open()
    if (this.failuresInARow >= this.limits.failuresMax) this.open()
  }

  private open(): void {
    const { openFirstMs, openMostMs } = this.limits
    const longest = Math.min(openMostMs, openFirstMs * 2 ** this.openings)
    this.become('open')
    this.openings++
    // Between half and all of it, so that many callers do not come back at once.
    const openMs = longest * (0.5 + this.world.random.next() / 2)
    this.opensAt = this.world.clock.monotonic() + openMs
    this.timer = this.world.timers.after(openMs, () => this.become('half-open'))
  }

  private become(state: BreakerState): void {
    this.present = state
    this.changes++
    this.isTrying = false
    this.failuresInARow = 0
    if (state === 'closed') this.openings = 0
    this.onChange(state)
  }
}
