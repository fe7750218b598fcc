import { type Code, codeTable, type Refusal, refusal } from '../protocol/codes.ts'
import { entryOffset } from '../protocol/entry.ts'
import { plainRefusal } from '../protocol/envelope.ts'
import { answerHeadBytes, answerOffset, beginAnswers, frameBytesMax, noClaim } from '../protocol/frame.ts'
import { MsgpackWriter, type Plain } from '../protocol/msgpack-writer.ts'

/** Room that is kept for one more answer; larger ones begin a frame of their own. */
const answerRoomBytes = 8 * 1024
const countMax = 0xffff

/**
 * The answers of one batch, held back until it is stored: finished msgpack-RPC responses, one frame per gateway or more.
 * Decisions write straight into the frame: `begin`, the bytes, `end`.
 */
export class Replies {
  private readonly frames = new Map<string, AnswerFrame[]>()
  private frame = new AnswerFrame()
  private replyTo = ''
  private answerAt = 0

  /** Where the next answers go; called once per frame of commands. */
  to(replyTo: string): void {
    if (replyTo === this.replyTo && this.frame.roomFor(answerRoomBytes)) return
    this.replyTo = replyTo
    const frames = this.frames.get(replyTo) ?? []
    this.frames.set(replyTo, frames)
    const open = frames.find((frame) => frame.roomFor(answerRoomBytes))
    this.frame = open ?? new AnswerFrame()
    if (open === undefined) frames.push(this.frame)
  }

  /** Begins the answer to the entry at `at`: writes the head and `[1, msgid, ...` and returns the writer for error and result. */
  begin(view: DataView, at: number): MsgpackWriter {
    if (!this.frame.roomFor(answerRoomBytes)) this.to(this.replyTo)
    const { writer } = this.frame
    const start = writer.reserve(answerHeadBytes + 7)
    const out = writer.view
    this.answerAt = start
    out.setUint32(start + answerOffset.slot, view.getUint32(at + entryOffset.slot, true), true)
    out.setUint32(start + answerOffset.turn, view.getUint32(at + entryOffset.turn, true), true)
    const body = start + answerHeadBytes
    out.setUint16(body, 0x9401)
    writer.bytes[body + 2] = 0xce
    out.setUint32(body + 3, view.getUint32(at + entryOffset.msgid, true))
    writer.length = body + 7
    return writer
  }

  /** Ends the answer; `claim` and `kind` (protocol/frame.ts) let the gateway follow the claim. */
  end(claim: number, kind: number, code = 0): void {
    const { writer } = this.frame
    const out = writer.view
    out.setUint32(this.answerAt + answerOffset.claim, claim, true)
    writer.bytes[this.answerAt + answerOffset.claimKind] = kind
    writer.bytes[this.answerAt + answerOffset.code] = code
    out.setUint32(this.answerAt + answerOffset.bytes, writer.length - this.answerAt - answerHeadBytes, true)
    this.frame.count++
  }

  result(view: DataView, at: number, result: Plain): void {
    this.begin(view, at).nil().value(result)
    this.end(noClaim, 0)
  }

  /** For answers that carry bytes or large values; `result` is msgpack already. */
  rawResult(view: DataView, at: number, result: Uint8Array): void {
    this.begin(view, at).nil().raw(result)
    this.end(noClaim, 0)
  }

  refuse(view: DataView, at: number, code: Code, retryAfterMs?: number, message?: string): void {
    const error: Refusal = refusal(code, message, retryAfterMs)
    this.begin(view, at).value(plainRefusal(error)).nil()
    this.end(noClaim, 0, codeTable[code].number)
  }

  /** Sends every frame that has answers and makes room for the next batch. */
  release(send: (replyTo: string, frame: Uint8Array) => void): void {
    for (const [replyTo, frames] of this.frames) {
      for (const frame of frames) {
        if (frame.count > 0) send(replyTo, frame.finish())
        else frame.idleBatches++
      }
      if (frames.length > 1) frames.length = 1
      if (frames.every((frame) => frame.idleBatches > idleBatchesMax)) this.frames.delete(replyTo)
    }
    this.replyTo = ''
  }

  /** Forgets the answers of a batch that was refused by the store. */
  drop(): void {
    this.frames.clear()
    this.replyTo = ''
  }

  get isEmpty(): boolean {
    for (const frames of this.frames.values()) for (const frame of frames) if (frame.count > 0) return false
    return true
  }
}

/** A gateway that asked nothing for so many batches gives its buffer back. */
const idleBatchesMax = 10_000

class AnswerFrame {
  readonly writer = new MsgpackWriter(16 * 1024)
  count = 0
  idleBatches = 0

  constructor() {
    beginAnswers(this.writer)
  }

  roomFor(bytes: number): boolean {
    return this.writer.length + bytes < frameBytesMax && this.count < countMax
  }

  /** The frame's bytes; they stay valid until the next answer is written. */
  finish(): Uint8Array {
    const { writer, count } = this
    writer.view.setUint16(2, count, true)
    const frame = writer.bytes.subarray(0, writer.length)
    beginAnswers(writer)
    this.count = 0
    this.idleBatches = 0
    return frame
  }
}
