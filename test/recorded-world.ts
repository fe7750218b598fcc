import type { LogLine } from '../cluster/manual-world.ts'
import type { World } from '../cluster/world.ts'
import { realWorld } from '../ops/world.ts'

export interface RecordedWorld extends World {
  readonly logged: readonly LogLine[]
  /** Texts of the lines of one level. */
  texts(level: LogLine['level']): readonly string[]
}

/** The real clock, timers and chance, with a log that is kept. */
export function recordedWorld(): RecordedWorld {
  const logged: LogLine[] = []
  const line =
    (level: LogLine['level']): World['log']['info'] =>
    (fields, text) =>
      void logged.push({ level, fields, text })
  const log = { debug: line('debug'), info: line('info'), warn: line('warn'), error: line('error') }
  const texts = (level: LogLine['level']): readonly string[] => logged.filter((one) => one.level === level).map(({ text }) => text)
  return { ...realWorld(log), logged, texts }
}
