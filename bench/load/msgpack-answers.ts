import { decodeMessage } from '../../protocol/envelope.ts'
import { StreamSplitter } from '../../protocol/stream-splitter.ts'
import { type AnswerReader, type AnswerSink, ProtocolFault } from './answer-reader.ts'

/**
 * The usual answer, a hold, has one length, since the shard writes it with fixed widths (actors/inventory/claim-answer.ts):
 *
 *     0  94 01 ce msgid    7  c0 84    9  a5 'state' a4 'held'    20  a4 'hold' ce u32    30  a3 'qty' cd u16    37  a9 'expiresAt' cf u64    56
 */
const heldBytes = 56
const heldAt = 16
const expiresAtTagAt = 47
/** A refusal of the same server is `94 01 ce msgid`, then a map that begins with `code`: 8  a4 'code' 13  the code's text. */
const codeAt = 13
const answerBytesMax = 64 * 1024
/** An answer without numbers of its own, as to `leave`, is no longer. */
const plainBytesMax = 48
const resultAt = 7

/** Reads a stream of msgpack-RPC answers: usual ones by their length and a few bytes, all others with the general decoder. */
export class MsgpackAnswers implements AnswerReader {
  private readonly codes = new CodeCache()
  /** What the last success said that no hold was, behind its msgid. */
  private plain = new Uint8Array(0)

  read(bytes: Uint8Array, from: number, to: number, sink: AnswerSink): number {
    let at = from
    for (let length = this.knownLength(bytes, at, to); length > 0; length = this.knownLength(bytes, at, to)) {
      sink.done(msgidAt(bytes, at))
      at += length
    }
    if (at === to) return at
    const splitter = new StreamSplitter(answerBytesMax)
    splitter.feed(bytes.subarray(at, to), (rest, start, end) => this.readOne(rest, start, end, sink))
    return to - splitter.pendingBytes
  }

  /** Reports the one answer that fills `bytes[from, to)`. */
  readOne(bytes: Uint8Array, from: number, to: number, sink: AnswerSink): void {
    if (to - from === heldBytes && isHeld(bytes, from)) return sink.done(msgidAt(bytes, from))
    const code = isRefusal(bytes, from) ? this.codes.find(bytes, from + codeAt) : undefined
    if (code !== undefined) return sink.refused(msgidAt(bytes, from), code)
    const message = decodeMessage(bytes, from, to)
    // Notifications answer nothing; a server that drains sends one.
    if (message.kind === 'notification') return
    if (message.kind !== 'response') throw new ProtocolFault('the server sent a request')
    if (message.error === null) {
      if (hasFullHead(bytes, from) && to - from <= plainBytesMax) this.plain = bytes.slice(from + resultAt, to)
      return sink.done(message.msgid)
    }
    if (isRefusal(bytes, from)) this.codes.learn(message.error.code)
    sink.refused(message.msgid, message.error.code)
  }

  /** Of an answer that is there as a whole and known to be a success by its bytes; 0 for any other. */
  private knownLength(bytes: Uint8Array, at: number, to: number): number {
    if (to - at >= heldBytes && isHeld(bytes, at)) return heldBytes
    const { plain } = this
    if (plain.length === 0 || to - at < resultAt + plain.length || !hasFullHead(bytes, at)) return 0
    for (let i = 0; i < plain.length; i++) if (bytes[at + resultAt + i] !== plain[i]) return 0
    return resultAt + plain.length
  }
}

/** The last code that was decoded, so that a run of equal refusals is recognised by its bytes. */
class CodeCache {
  private text: string | undefined
  private bytes = new Uint8Array(0)

  learn(code: string): void {
    this.text = code
    this.bytes = Buffer.from(`${String.fromCharCode(0xa0 | code.length)}${code}`, 'latin1')
  }

  find(source: Uint8Array, at: number): string | undefined {
    for (let i = 0; i < this.bytes.length; i++) if (source[at + i] !== this.bytes[i]) return undefined
    return this.text
  }
}

function isHeld(bytes: Uint8Array, at: number): boolean {
  return (
    hasFullHead(bytes, at) &&
    bytes[at + 7] === 0xc0 &&
    bytes[at + 8] === 0x84 &&
    bytes[at + heldAt] === 0x68 &&
    bytes[at + expiresAtTagAt] === 0xcf
  )
}

function isRefusal(bytes: Uint8Array, at: number): boolean {
  return hasFullHead(bytes, at) && ((bytes[at + 7] as number) & 0xf0) === 0x80 && bytes[at + 8] === 0xa4 && bytes[at + 9] === 0x63
}

function hasFullHead(bytes: Uint8Array, at: number): boolean {
  return bytes[at] === 0x94 && bytes[at + 1] === 0x01 && bytes[at + 2] === 0xce
}

function msgidAt(bytes: Uint8Array, at: number): number {
  const high = ((bytes[at + 3] as number) << 24) | ((bytes[at + 4] as number) << 16)
  return (high | ((bytes[at + 5] as number) << 8) | (bytes[at + 6] as number)) >>> 0
}
