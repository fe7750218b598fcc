import type { Clock, Log, LogFields, Random, Timer, Timers, World } from './world.ts'

export interface LogLine {
  readonly level: 'debug' | 'info' | 'warn' | 'error'
  readonly fields: LogFields
  readonly text: string
}

/**
 * A world whose time stands still until {@link ManualWorld.pass} moves it, whose chance comes from a seed and whose log is kept: for tests
 * and simulations. The same seed and the same calls give the same run.
 */
export class ManualWorld implements World {
  readonly clock: Clock
  readonly timers: Timers
  readonly random: Random
  readonly log: Log
  readonly logged: LogLine[] = []
  #now: number
  #due: Due[] = []
  #order = 0

  constructor(seed = 1, startAt = 1_700_000_000_000) {
    this.#now = startAt
    this.clock = { now: () => this.#now, monotonic: () => this.#now - startAt }
    this.timers = {
      after: (ms, run) => this.#at(this.#now + Math.max(0, ms), run),
      every: (ms, run) => this.#repeat(Math.max(1, ms), run),
      soon: (run) => void this.#at(this.#now, run),
      catchUp: () => {},
    }
    this.random = seededRandom(seed)
    const line =
      (level: LogLine['level']) =>
      (fields: LogFields, text: string): void =>
        void this.logged.push({ level, fields, text })
    this.log = { debug: line('debug'), info: line('info'), warn: line('warn'), error: line('error') }
  }

  /** Lets `ms` pass: what falls due runs in the order of its time, and promises settle in between. */
  async pass(ms: number): Promise<void> {
    const until = this.#now + ms
    await promisesSettle()
    for (let next = this.#take(until); next !== undefined; next = this.#take(until)) {
      this.#now = Math.max(this.#now, next.at)
      next.run()
      await promisesSettle()
    }
    this.#now = until
  }

  #at(at: number, run: () => void): Timer {
    const due = { at, order: this.#order++, run }
    this.#due.push(due)
    return {
      cancel: () => {
        this.#due = this.#due.filter((other) => other !== due)
      },
    }
  }

  #repeat(ms: number, run: () => void): Timer {
    const round = (): void => {
      timer = this.#at(this.#now + ms, round)
      run()
    }
    let timer = this.#at(this.#now + ms, round)
    return { cancel: () => timer.cancel() }
  }

  #take(until: number): Due | undefined {
    const next = this.#due
      .filter((due) => due.at <= until)
      .sort((a, b) => a.at - b.at || a.order - b.order)
      .at(0)
    if (next !== undefined) this.#due.splice(this.#due.indexOf(next), 1)
    return next
  }
}

interface Due {
  readonly at: number
  readonly order: number
  readonly run: () => void
}

/** More turns than any chain of promises that ends without IO is long. */
const promiseTurns = 64

async function promisesSettle(): Promise<void> {
  for (let turn = 0; turn < promiseTurns; turn++) await Promise.resolve()
}

const letters = 'abcdefghijklmnopqrstuvwxyz0123456789'

/** Mulberry32: 32 bits of state, good enough to shuffle, and guessable. */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0
    let bits = Math.imul(state ^ (state >>> 15), state | 1)
    bits ^= bits + Math.imul(bits ^ (bits >>> 7), bits | 61)
    return ((bits ^ (bits >>> 14)) >>> 0) / 2 ** 32
  }
  return { next, id: (length) => Array.from({ length }, () => letters[Math.floor(next() * letters.length)]).join('') }
}
