import { type AnswerReader, type AnswerSink, ProtocolFault } from './answer-reader.ts'

/** What messages begin with, and the length of that: a letter and a u32 that counts itself. Source: PostgreSQL's documentation, "Message Formats". */
const headBytes = 5
export const postgresMessage = { dataRow: 0x44, error: 0x45, ready: 0x5a } as const
/** Number of columns (u16), length of the first (u32), and then its text. */
const firstColumnAt = headBytes + 6
const minus = 0x2d
const one = 0x31

/** Reads what PostgreSQL says to `SELECT buy($1, $2)`, executed again and again by one connection, in the order of the calls. */
export class PostgresAnswers implements AnswerReader {
  private readonly slots: number
  private slot = 0
  /** What the call has come to so far; it is over with `ReadyForQuery`. */
  private code: string | undefined = noRow

  /** `slots` of the connection's request ring. */
  constructor(slots: number) {
    this.slots = slots
  }

  read(bytes: Uint8Array, from: number, to: number, sink: AnswerSink): number {
    let at = from
    for (let end = endOf(bytes, at, to); end !== undefined; end = endOf(bytes, at, to)) {
      const kind = bytes[at]
      if (kind === postgresMessage.dataRow) this.code = codeOfRow(bytes[at + firstColumnAt])
      else if (kind === postgresMessage.error) this.code = sqlStateIn(bytes, at + headBytes, end)
      else if (kind === postgresMessage.ready) this.report(sink)
      at = end
    }
    return at
  }

  private report(sink: AnswerSink): void {
    const { slot, code } = this
    this.slot = slot + 1 === this.slots ? 0 : slot + 1
    this.code = noRow
    if (code === undefined) sink.done(slot)
    else sink.refused(slot, code)
  }
}

const noRow = 'NO_ROW'

/** Where the message at `at` ends, if it is whole. */
export function endOf(bytes: Uint8Array, at: number, to: number): number | undefined {
  if (to - at < headBytes) return undefined
  const length = new DataView(bytes.buffer, bytes.byteOffset + at + 1, 4).getUint32(0)
  if (length < 4) throw new ProtocolFault('the peer does not speak the protocol of PostgreSQL')
  const end = at + 1 + length
  return end <= to ? end : undefined
}

function codeOfRow(first: number | undefined): string | undefined {
  if (first === one) return undefined
  return first === minus ? 'DUPLICATE' : 'SOLD_OUT'
}

/** Fields of a letter and a text that ends with 0; C is the SQLSTATE. */
export function sqlStateIn(bytes: Uint8Array, from: number, to: number): string {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset + from, to - from).toString('latin1')
  return `SQL ${
    text
      .split('\0')
      .find((field) => field.startsWith('C'))
      ?.slice(1) ?? 'error'
  }`
}
