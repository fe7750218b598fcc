import type { LogLine } from '../../cluster/manual-world.ts'
import type { Log, LogFields, World } from '../../cluster/world.ts'
import { LoopTimers } from '../../ops/loop-timers.ts'
import { realClock, realRandom } from '../../ops/world.ts'

/** The real world, with a log that a test can read. */
export class LoggedWorld implements World {
  readonly clock = realClock
  readonly timers = new LoopTimers(realClock)
  readonly random = realRandom
  readonly log: Log
  readonly logged: LogLine[] = []

  constructor() {
    const line =
      (level: LogLine['level']) =>
      (fields: LogFields, text: string): void =>
        void this.logged.push({ level, fields, text })
    this.log = { debug: line('debug'), info: line('info'), warn: line('warn'), error: line('error') }
  }

  /** What has been said, without the fields. */
  get texts(): readonly string[] {
    return this.logged.map(({ text }) => text)
  }
}
