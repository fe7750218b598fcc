import type { Clock, Timer, Timers } from '../cluster/world.ts'

/** The longest that Node can wait; it would fire at once for more. */
const waitMsMax = 2 ** 31 - 1
/** The event loop may be so late before what is due is run in between. */
const lateMs = 4

interface Waiting {
  readonly run: () => void
  readonly dueAt: number
  readonly native: NodeJS.Timeout
}

interface Repeated extends Omit<Waiting, 'dueAt'> {
  readonly everyMs: number
  dueAt: number
}

/**
 * Node's timers, which handlers of events can keep going while the loop does not come round to them: as long as more than a thousand sockets have something to read, libuv
 * (1.44, `uv__io_poll`) reads 48 times a thousand before it looks at a clock, which in a flood of HTTP calls was 1.7 s, and every tick, batch and lease of the process was late by that.
 *
 * Timers keep the process alive: whoever starts one cancels it when it closes, and a process that does not end shows who forgot.
 */
export class LoopTimers implements Timers {
  private readonly clock: Pick<Clock, 'monotonic'>
  private readonly waiting = new Set<Waiting | Repeated>()
  private readonly soonest = new Map<NodeJS.Immediate, () => void>()
  /** The loop, or a catching up in its place, came round at this time. */
  private turnedAt: number

  constructor(clock: Pick<Clock, 'monotonic'>) {
    this.clock = clock
    this.turnedAt = clock.monotonic()
  }

  after(ms: number, run: () => void): Timer {
    const one: Waiting = { run, dueAt: this.clock.monotonic() + checkedWait(ms), native: setTimeout(() => this.turn(one), ms) }
    return this.keep(one)
  }

  every(ms: number, run: () => void): Timer {
    const one: Repeated = {
      run,
      everyMs: ms,
      dueAt: this.clock.monotonic() + checkedWait(ms),
      native: setInterval(() => this.turn(one), ms),
    }
    return this.keep(one)
  }

  soon(run: () => void): void {
    // Whoever handles the first event in a while would otherwise not even gather what came with it.
    if (this.soonest.size === 0) this.turnedAt = this.clock.monotonic()
    const native = setImmediate(() => {
      this.soonest.delete(native)
      this.turnedAt = this.clock.monotonic()
      run()
    })
    this.soonest.set(native, run)
  }

  catchUp(): void {
    const now = this.clock.monotonic()
    if (now - this.turnedAt < lateMs) return
    this.turnedAt = now
    const soonest = [...this.soonest]
    const due = [...this.waiting].filter(({ dueAt }) => dueAt <= now).toSorted((a, b) => a.dueAt - b.dueAt)
    for (const [native, run] of soonest) {
      clearImmediate(native)
      this.soonest.delete(native)
      runInBetween(run)
    }
    for (const one of due) {
      // What ran before may have cancelled it.
      if (!this.waiting.has(one)) continue
      if ('everyMs' in one) one.native.refresh()
      else clearTimeout(one.native)
      runInBetween(() => this.fire(one, now))
    }
  }

  private keep(one: Waiting | Repeated): Timer {
    this.waiting.add(one)
    return {
      cancel: () => {
        this.waiting.delete(one)
        clearTimeout(one.native)
      },
    }
  }

  private turn(one: Waiting | Repeated): void {
    this.turnedAt = this.clock.monotonic()
    this.fire(one, this.turnedAt)
  }

  private fire(one: Waiting | Repeated, now: number): void {
    if ('everyMs' in one) one.dueAt = now + one.everyMs
    else this.waiting.delete(one)
    one.run()
  }
}

/** Whoever handles an event has nothing to do with what fails here: it ends the process as it would have from a timer. */
function runInBetween(run: () => void): void {
  try {
    run()
  } catch (error) {
    queueMicrotask(() => {
      throw error
    })
  }
}

function checkedWait(ms: number): number {
  if (!(ms <= waitMsMax)) throw new RangeError(`no timer waits ${ms} ms: ${waitMsMax} is the most`)
  return ms
}
