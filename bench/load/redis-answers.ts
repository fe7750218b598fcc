import { type AnswerReader, type AnswerSink, ProtocolFault } from './answer-reader.ts'

const colon = 0x3a
const minus = 0x2d
const one = 0x31
const lineFeed = 0x0a

/** Reads the replies of the buy script (redis-buy.ts), integers and errors, in the order of their requests. */
export class RedisAnswers implements AnswerReader {
  private readonly slots: number
  private slot = 0

  /** `slots` of the connection's request ring. */
  constructor(slots: number) {
    this.slots = slots
  }

  read(bytes: Uint8Array, from: number, to: number, sink: AnswerSink): number {
    let at = from
    while (at < to) {
      let end = at
      while (end < to && bytes[end] !== lineFeed) end++
      if (end === to) break
      const { slot } = this
      this.slot = slot + 1 === this.slots ? 0 : slot + 1
      if (bytes[at] === colon && bytes[at + 1] === one) sink.done(slot)
      else sink.refused(slot, codeOf(bytes, at, end))
      at = end + 1
    }
    return at
  }
}

function codeOf(bytes: Uint8Array, from: number, to: number): string {
  const line = Buffer.from(bytes.buffer, bytes.byteOffset + from, to - from).toString('latin1')
  if (bytes[from] === minus) return line.slice(1).split(' ', 1)[0] ?? 'ERR'
  if (bytes[from] === colon) return bytes[from + 1] === minus ? 'DUPLICATE' : 'SOLD_OUT'
  throw new ProtocolFault(`Redis answered ${JSON.stringify(line)}`)
}
