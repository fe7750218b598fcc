import type { Log, LogFields, Timer, World } from '../../cluster/world.ts'

interface Due {
  at: number
  readonly everyMs: number | undefined
  readonly run: () => void
}

/** More steps than this without time going on are an endless loop. */
const stepsAtOnceMax = 100_000

/** Turns for promises between two steps, and the most that a chain of them gets when nothing else is left to do. */
const microtasksLeast = 50
const microtasks = 50_000

/** A world for tests: time stands still until {@link ManualWorld.until} moves it on, from one timer to the next. */
export class ManualWorld implements World {
  readonly warnings: { readonly fields: LogFields; readonly text: string }[] = []
  private now = 1_700_000_000_000
  private seed = 1
  private dues: Due[] = []
  private soon: (() => void)[] = []
  private stepsAtOnce = 0

  readonly clock = { now: () => this.now, monotonic: () => this.now }

  readonly timers = {
    after: (ms: number, run: () => void): Timer => this.add({ at: this.now + ms, everyMs: undefined, run }),
    every: (ms: number, run: () => void): Timer => this.add({ at: this.now + ms, everyMs: ms, run }),
    soon: (run: () => void): void => {
      this.soon.push(run)
    },
    catchUp: (): void => {},
  }

  readonly random = {
    next: (): number => {
      this.seed = (Math.imul(this.seed, 1_664_525) + 1_013_904_223) >>> 0
      return this.seed / 0x1_0000_0000
    },
    id: (length: number): string => {
      let id = ''
      while (id.length < length) id += Math.floor(this.random.next() * 36).toString(36)
      return id
    },
  }

  readonly log: Log = {
    debug: () => {},
    info: () => {},
    warn: (fields, text) => this.warnings.push({ fields, text }),
    error: (fields, text) => this.warnings.push({ fields, text }),
  }

  /** Lets the world go on until the condition holds; throws when it does not within so much of the world's own time. */
  async until(what: string, condition: () => boolean, withinMs = 120_000): Promise<void> {
    const deadline = this.now + withinMs
    while (!condition()) {
      const went = await this.step(deadline)
      // Promises may have settled in a step that found no timer.
      if (!went && !condition()) throw new Error(`within ${withinMs} ms there was no moment at which ${what}`)
    }
  }

  /** Lets the world go on for so long. */
  async pass(ms: number): Promise<void> {
    const end = this.now + ms
    while (await this.step(end));
    this.now = end
  }

  /** Lets the world go on until the promise has settled. */
  async settled<T>(promise: Promise<T>): Promise<T> {
    let done = false
    const mark = (): void => {
      done = true
    }
    promise.then(mark, mark)
    await this.until('the promise settled', () => done)
    return promise
  }

  /** False if nothing will happen before the deadline. */
  private async step(deadline: number): Promise<boolean> {
    for (let i = 0; i < microtasks && (i < microtasksLeast || !this.isDue(deadline)); i++) await Promise.resolve()
    const ready = this.soon
    if (ready.length > 0) {
      if (++this.stepsAtOnce > stepsAtOnceMax) throw new Error('the world does not go on: something asks for another turn for ever')
      this.soon = []
      for (const run of ready) run()
      return true
    }
    const next = this.dues.reduce<Due | undefined>((first, due) => (first === undefined || due.at < first.at ? due : first), undefined)
    if (next === undefined || next.at > deadline) return false
    if (next.at > this.now) this.stepsAtOnce = 0
    this.now = Math.max(this.now, next.at)
    if (next.everyMs === undefined) this.remove(next)
    else next.at += next.everyMs
    next.run()
    return true
  }

  private isDue(deadline: number): boolean {
    return this.soon.length > 0 || this.dues.some((due) => due.at <= deadline)
  }

  private add(due: Due): Timer {
    this.dues.push(due)
    return { cancel: () => this.remove(due) }
  }

  private remove(due: Due): void {
    this.dues = this.dues.filter((one) => one !== due)
  }
}
