import picocolors from 'picocolors'
import { type DestinationStream, destination, pino, stdSerializers } from 'pino'
import { z } from 'zod'
import type { Log } from '../cluster/world.ts'

export type LogLevel = 'debug' | 'info' | 'warn' | 'error'

/** What never belongs in a log, at the top of a line's fields or one level below. */
const secretFields = ['token', 'key', 'secret', 'jwtSecret', 'backendKey', 'operatorKey', 'drawKey', 'authorization', 'payment', 'password']
const redactedPaths = secretFields.flatMap((name) => [name, `*.${name}`])

export interface LogOptions {
  readonly level: LogLevel
  /** One readable line per event, for a terminal; otherwise JSON lines, for machines. */
  readonly pretty: boolean
  readonly colours: boolean
}

/** A log on standard output, or on `sink`. Lines are written at once, so that a crash loses none. */
export function createLog(options: LogOptions, sink: DestinationStream = destination({ fd: 1, sync: true })): Log {
  const out = options.pretty ? { write: (line: string) => sink.write(prettyLine(line, options.colours)) } : sink
  return pino(
    {
      level: options.level,
      base: null,
      timestamp: () => `,"time":"${new Date().toISOString()}"`,
      formatters: { level: (label) => ({ level: label }) },
      messageKey: 'text',
      redact: { paths: redactedPaths, censor: '[redacted]' },
      serializers: { error: stdSerializers.err, cause: stdSerializers.err },
    },
    out,
  )
}

const lineSchema = z.looseObject({ time: z.string(), level: z.enum(['debug', 'info', 'warn', 'error']), text: z.string().default('') })

/** `12:00:00.000 warn  the text field=value` from a line of JSON; a stack stays on lines of its own. */
function prettyLine(json: string, colours: boolean): string {
  const paint = picocolors.createColors(colours)
  const { time, level, text, ...fields } = lineSchema.parse(JSON.parse(json))
  const colour = { debug: paint.gray, info: paint.green, warn: paint.yellow, error: paint.red }[level]
  const clock = time.slice('2000-01-01T'.length, -1)
  const pairs = Object.entries(fields).map(([name, value]) => paint.dim(`${name}=`) + valueText(value))
  return `${[paint.dim(clock), colour(level.padEnd(5)), text, ...pairs].join(' ')}\n`
}

function valueText(value: unknown): string {
  if (typeof value === 'string') return /^[\x21-\x7e]+$/.test(value) ? value : JSON.stringify(value)
  if (typeof value === 'object' && value !== null && 'stack' in value && typeof value.stack === 'string') return `\n${value.stack}`
  return JSON.stringify(value)
}
