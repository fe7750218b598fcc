/**
 * Everything that a process takes from the world besides IO. Passed in everywhere, so that a simulation can own it;
 * only `ops/` builds the real one.
 */
export interface World {
  readonly clock: Clock
  readonly timers: Timers
  readonly random: Random
  readonly log: Log
}

export interface Clock {
  /** ms since 1970, by the wall. */
  now(): number
  /** ms since some start; never goes back. For durations. */
  monotonic(): number
}

export interface Timers {
  after(ms: number, run: () => void): Timer
  every(ms: number, run: () => void): Timer
  /** Once, as soon as the events that are already waiting have been handled. */
  soon(run: () => void): void
  /** Runs what is overdue. To be called at the end of handlers of events that may come by the thousand before the loop gets round to timers; costs a look at the clock. */
  catchUp(): void
}

export interface Timer {
  cancel(): void
}

export interface Random {
  /** From 0 inclusive to 1 exclusive. */
  next(): number
  /** An id of `length` characters of [a-z0-9] that nobody can guess. */
  id(length: number): string
}

/** Structured: fields first, then a sentence. */
export interface Log {
  debug(fields: LogFields, text: string): void
  info(fields: LogFields, text: string): void
  warn(fields: LogFields, text: string): void
  error(fields: LogFields, text: string): void
}

export type LogFields = Readonly<Record<string, unknown>>

/** Resolves after `ms`. */
export function delay(timers: Timers, ms: number): Promise<void> {
  return new Promise((resolve) => {
    timers.after(ms, resolve)
  })
}
