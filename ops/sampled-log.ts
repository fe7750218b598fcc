import type { Clock, Log, LogFields } from '../cluster/world.ts'

type Level = 'debug' | 'info' | 'warn' | 'error'

/** Lines of one text that are written at once, and in a second after that. */
export const linesPerSecondMax = 20
const windowMs = 1_000
/** Texts that are counted apart; nearly all are fixed, and some say what a server has said. */
const textsMax = 1_000

interface Counted {
  readonly level: Level
  since: number
  written: number
  leftOut: number
}

/**
 * A log that writes no more than {@link linesPerSecondMax} lines of the same text in a second: what goes wrong for every order or call of a rush is a few lines, and how many more
 * there were. Lines are written at once, so without this a fault under load would keep the event loop with telling of it.
 */
export class SampledLog implements Log {
  private readonly log: Log
  private readonly clock: Clock
  private readonly texts = new Map<string, Counted>()

  constructor(log: Log, clock: Clock) {
    this.log = log
    this.clock = clock
  }

  debug(fields: LogFields, text: string): void {
    if (this.takes('debug', text)) this.log.debug(fields, text)
  }

  info(fields: LogFields, text: string): void {
    if (this.takes('info', text)) this.log.info(fields, text)
  }

  warn(fields: LogFields, text: string): void {
    if (this.takes('warn', text)) this.log.warn(fields, text)
  }

  error(fields: LogFields, text: string): void {
    if (this.takes('error', text)) this.log.error(fields, text)
  }

  /** Says what was left out of seconds that are over; called once in a while, and at the end. */
  flush(): void {
    const now = this.clock.monotonic()
    for (const [text, counted] of this.texts) {
      if (now - counted.since < windowMs) continue
      if (counted.leftOut > 0) this.log[counted.level]({ leftOut: counted.leftOut, of: text }, 'more lines like this were left out')
      this.texts.delete(text)
    }
  }

  private takes(level: Level, text: string): boolean {
    const now = this.clock.monotonic()
    let counted = this.texts.get(text)
    if (counted !== undefined && now - counted.since >= windowMs) {
      this.flush()
      counted = undefined
    }
    if (counted === undefined) {
      if (this.texts.size >= textsMax) return true
      counted = { level, since: now, written: 0, leftOut: 0 }
      this.texts.set(text, counted)
    }
    if (counted.written >= linesPerSecondMax) {
      counted.leftOut++
      return false
    }
    counted.written++
    return true
  }
}
