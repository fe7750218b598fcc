import { type AnswerReader, type AnswerSink, ProtocolFault } from './answer-reader.ts'
import { MsgpackAnswers } from './msgpack-answers.ts'

const opcode = { binary: 2, close: 8, ping: 9, pong: 10 } as const
const finBit = 0x80

/** Reads a server's WebSocket frames (RFC 6455, section 5.2), each holding one msgpack answer, and answers its pings. */
export class WebSocketAnswers implements AnswerReader {
  private readonly answers = new MsgpackAnswers()

  read(bytes: Uint8Array, from: number, to: number, sink: AnswerSink): number {
    let at = from
    while (to - at >= 2) {
      const head = bytes[at] as number
      let length = bytes[at + 1] as number
      let headBytes = 2
      if (length === 126) {
        if (to - at < 4) break
        length = ((bytes[at + 2] as number) << 8) | (bytes[at + 3] as number)
        headBytes = 4
      } else if (length > 126) throw new ProtocolFault('a frame of the server is masked or longer than 64 KiB')
      const start = at + headBytes
      if (start + length > to) break
      this.frame(head, bytes, start, start + length, sink)
      at = start + length
    }
    return at
  }

  private frame(head: number, bytes: Uint8Array, from: number, to: number, sink: AnswerSink): void {
    if (head === (finBit | opcode.binary)) return this.answers.readOne(bytes, from, to, sink)
    if (head === (finBit | opcode.ping)) return sink.reply(clientFrame(opcode.pong, bytes.subarray(from, to)))
    if (head !== (finBit | opcode.pong))
      throw new ProtocolFault(
        head === (finBit | opcode.close) ? 'the server closed the WebSocket' : 'the server sent a frame that no answer is',
      )
  }
}

/**
 * One binary frame of a client around a payload of at most 125 bytes. The mask is zero, which leaves the payload as it is: masks protect caches
 * between the two ends (RFC 6455, section 10.3), and here there is none.
 */
export function binaryFrame(payload: Uint8Array): Uint8Array {
  return clientFrame(opcode.binary, payload)
}

/** Bytes in front of the payload of {@link binaryFrame}. */
export const clientFrameHeadBytes = 6

function clientFrame(kind: number, payload: Uint8Array): Uint8Array {
  if (payload.length > 125) throw new RangeError(`a payload of ${payload.length} bytes does not fit a short frame`)
  return Uint8Array.of(finBit | kind, 0x80 | payload.length, 0, 0, 0, 0, ...payload)
}
