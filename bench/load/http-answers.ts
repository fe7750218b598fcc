import { type AnswerReader, type AnswerSink, ProtocolFault } from './answer-reader.ts'

const statusAt = 'HTTP/1.1 '.length
const lineFeed = 0x0a
const carriageReturn = 0x0d
/** `content-length:` in lower case; header names are compared without case. */
const lengthName = Buffer.from('content-length:')
const headBytesMax = 8 * 1024

/** Reads HTTP/1.1 responses with a Content-Length, in the order of their requests. */
export class HttpAnswers implements AnswerReader {
  private readonly slots: number
  private slot = 0

  /** `slots` of the connection's request ring. */
  constructor(slots: number) {
    this.slots = slots
  }

  read(bytes: Uint8Array, from: number, to: number, sink: AnswerSink): number {
    let at = from
    while (at < to) {
      const end = this.endOfResponse(bytes, at, to)
      if (end === 0) break
      this.report(bytes, at, end, sink)
      at = end
    }
    return at
  }

  private report(bytes: Uint8Array, at: number, end: number, sink: AnswerSink): void {
    const { slot } = this
    this.slot = (slot + 1) % this.slots
    if (bytes[at + statusAt] === 0x32) sink.done(slot)
    else sink.refused(slot, codeIn(bytes, at, end))
  }

  /** Where the response at `at` ends, or 0 if it is not whole. */
  private endOfResponse(bytes: Uint8Array, at: number, to: number): number {
    let length = -1
    for (let line = at; line < to;) {
      let next = line
      while (next < to && bytes[next] !== lineFeed) next++
      if (next === to) break
      if (bytes[line] === carriageReturn) {
        if (length < 0) throw new ProtocolFault('a response has no Content-Length')
        const end = next + 1 + length
        return end <= to ? end : 0
      }
      if (isLengthLine(bytes, line)) length = numberAt(bytes, line + lengthName.length)
      line = next + 1
    }
    if (to - at > headBytesMax && length < 0) throw new ProtocolFault('the peer does not speak HTTP')
    return 0
  }
}

function isLengthLine(bytes: Uint8Array, at: number): boolean {
  for (let i = 0; i < lengthName.length; i++) if (((bytes[at + i] as number) | 0x20) !== ((lengthName[i] as number) | 0x20)) return false
  return true
}

function numberAt(bytes: Uint8Array, from: number): number {
  let at = from
  while (bytes[at] === 0x20) at++
  let value = 0
  for (let digit = (bytes[at] as number) - 0x30; digit >= 0 && digit <= 9; digit = (bytes[at] as number) - 0x30) {
    value = value * 10 + digit
    at++
  }
  return value
}

/** The code in the body of a refusal, or the status of a response that has none. */
function codeIn(bytes: Uint8Array, from: number, to: number): string {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset + from, to - from).toString('latin1')
  return /"code":"([A-Z_]+)"/.exec(text)?.[1] ?? `HTTP ${text.slice(statusAt, statusAt + 3)}`
}
