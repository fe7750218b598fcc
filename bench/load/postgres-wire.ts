import { ProtocolFault } from './answer-reader.ts'
import { endOf, PostgresAnswers, postgresMessage, sqlStateIn } from './postgres-answers.ts'
import type { Greeting, Wire } from './wire.ts'
import { requestMark, userMark } from './wire.ts'

export interface PostgresAccess {
  readonly user: string
  readonly database: string
  /** Of two text parameters: user and request id. */
  readonly statement: string
}

const protocolVersion = 3 << 16
const statementName = 'buy'

/**
 * PostgreSQL's own protocol, with the statement prepared once by each connection. It is asked directly as Redis is: a driver in a server before it costs as much
 * as the database, which would hide what the database can do.
 */
export function postgresWire(run: string, access: PostgresAccess): Wire {
  return {
    greeting: greeting(access),
    template: (connection) => ({ bytes: Buffer.concat([bind([userMark(run, connection), requestMark]), execute, sync]) }),
    answers: (slots) => new PostgresAnswers(slots),
  }
}

/** A server that trusts who comes: what follows the start-up may be sent with it. It says `ReadyForQuery` after the start-up and after the `Sync`. */
function greeting({ user, database, statement }: PostgresAccess): Greeting {
  const startUp = body(u32(protocolVersion), text('user'), text(user), text('database'), text(database), Buffer.alloc(1))
  const parse = message('P', text(statementName), text(statement), u16(0))
  return { bytes: Buffer.concat([startUp, parse, sync]), replyLength: (received) => lengthUntilReady(received, 2) }
}

function lengthUntilReady(received: Buffer, times: number): number | undefined {
  let left = times
  let at = 0
  for (let end = endOf(received, at, received.length); end !== undefined; end = endOf(received, at, received.length)) {
    if (received[at] === postgresMessage.error) throw new ProtocolFault(`PostgreSQL refused: ${sqlStateIn(received, at + 5, end)}`)
    if (received[at] === postgresMessage.ready) left--
    at = end
    if (left === 0) return at
  }
  return undefined
}

/** Parameters and result as text. */
function bind(values: readonly string[]): Buffer {
  const parameters = values.flatMap((value) => [u32(value.length), Buffer.from(value)])
  return message('B', text(''), text(statementName), u16(0), u16(values.length), ...parameters, u16(0))
}

function message(letter: string, ...parts: readonly Buffer[]): Buffer {
  return Buffer.concat([Buffer.from(letter), body(...parts)])
}

function body(...parts: readonly Buffer[]): Buffer {
  const all = Buffer.concat(parts)
  return Buffer.concat([u32(all.length + 4), all])
}

function text(value: string): Buffer {
  return Buffer.from(`${value}\0`)
}

function u16(value: number): Buffer {
  const bytes = Buffer.alloc(2)
  bytes.writeUInt16BE(value)
  return bytes
}

function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value)
  return bytes
}

const execute = message('E', text(''), u32(0))
const sync = message('S')
