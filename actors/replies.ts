import { type Code, codeTable, refusal } from '../protocol/codes.ts'
import { entryOffset } from '../protocol/entry.ts'
import { plainRefusal } from '../protocol/envelope.ts'
import { answerHeadBytes, answerOffset, answersHeadBytes, beginAnswers, frameBytesMax, noClaim } from '../protocol/frame.ts'
import { MsgpackWriter, type Plain } from '../protocol/msgpack-writer.ts'

/** Room that is kept for one more answer; larger ones move to a frame of their own. */
const answerRoomBytes = 8 * 1024
const countMax = 0xffff

/**
 * The answers of one batch, held back until it is stored: finished msgpack-RPC responses, one frame per gateway or more.
 * Decisions write straight into the frame: `begin`, the bytes, `end`.
 */
export class Replies {
  private readonly frames = new Map<string, AnswerFrame[]>()
  private frame = new AnswerFrame()
  /** Undefined between batches: the frame of the last one must not take answers to somebody else. */
  private replyTo: string | undefined
  private answerAt = 0
  private readonly templates = new RefusalTemplates()

  /** Where the next answers go; called once per frame of commands. */
  to(replyTo: string): void {
    if (replyTo === this.replyTo && this.frame.hasRoom) return
    this.replyTo = replyTo
    this.frame = this.framesTo(replyTo).find((frame) => frame.hasRoom) ?? this.newFrame(replyTo)
  }

  /** Begins the answer to the entry at `at`: writes the head and `[1, msgid, ...` and returns the writer for error and result. */
  begin(view: DataView, at: number): MsgpackWriter {
    if (!this.frame.hasRoom) this.frame = this.newFrame(this.replyTo ?? '')
    const { writer } = this.frame
    const start = writer.reserve(answerHeadBytes + responseHeadBytes)
    const out = writer.view
    this.answerAt = start
    out.setUint32(start + answerOffset.slot, view.getUint32(at + entryOffset.slot, true), true)
    out.setUint32(start + answerOffset.turn, view.getUint32(at + entryOffset.turn, true), true)
    const body = start + answerHeadBytes
    out.setUint16(body, 0x9401)
    writer.bytes[body + 2] = 0xce
    out.setUint32(body + 3, view.getUint32(at + entryOffset.msgid, true))
    writer.length = body + responseHeadBytes
    return writer
  }

  /** Ends the answer; `claim` and `kind` (protocol/frame.ts) let the gateway follow the claim. */
  end(claim: number, kind: number, code = 0): void {
    const { writer } = this.frame
    if (writer.length > frameBytesMax) return this.endLarge(claim, kind, code)
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
    const writer = this.begin(view, at)
    if (message !== undefined) writer.value(plainRefusal(refusal(code, message, retryAfterMs))).nil()
    else if (retryAfterMs === undefined) writer.raw(this.templates.plain(code)).nil()
    else writer.raw(this.templates.withRetry(code)).number(retryAfterMs).nil()
    this.end(noClaim, 0, codeTable[code].number)
  }

  /** Sends every frame that has answers and makes room for the next batch. Answers to the empty address are for nobody. */
  release(send: (replyTo: string, frame: Uint8Array) => void): void {
    for (const [replyTo, frames] of this.frames) {
      for (const frame of frames) {
        if (frame.count > 0 && replyTo !== '') send(replyTo, frame.seal())
        frame.clear()
      }
      if (frames.length > 1) frames.length = 1
      if (frames.every((frame) => frame.idleBatches > idleBatchesMax)) this.frames.delete(replyTo)
    }
    this.replyTo = undefined
  }

  /** Forgets the answers of a batch that was refused by the store. */
  drop(): void {
    this.frames.clear()
    this.replyTo = undefined
  }

  get isEmpty(): boolean {
    for (const frames of this.frames.values()) for (const frame of frames) if (frame.count > 0) return false
    return true
  }

  /** Moves an answer that overran its frame to a frame of its own; one that no frame can carry becomes `TOO_LARGE`. */
  private endLarge(claim: number, kind: number, code: number): void {
    const { writer } = this.frame
    const answer = writer.bytes.slice(this.answerAt, writer.length)
    writer.length = this.answerAt
    if (answersHeadBytes + answer.length > frameBytesMax) {
      writer.length += answerHeadBytes + responseHeadBytes
      writer.value(plainRefusal(refusal('TOO_LARGE', 'The answer is larger than a frame.'))).nil()
      this.end(noClaim, 0, codeTable.TOO_LARGE.number)
      return
    }
    this.frame = this.newFrame(this.replyTo ?? '')
    this.answerAt = answersHeadBytes
    this.frame.writer.raw(answer)
    this.end(claim, kind, code)
  }

  private newFrame(replyTo: string): AnswerFrame {
    const frame = new AnswerFrame()
    this.framesTo(replyTo).push(frame)
    return frame
  }

  private framesTo(replyTo: string): AnswerFrame[] {
    const known = this.frames.get(replyTo)
    if (known !== undefined) return known
    const frames: AnswerFrame[] = []
    this.frames.set(replyTo, frames)
    return frames
  }
}

/** Refusals with the code table's own text, encoded once: a rush is mostly told no. */
class RefusalTemplates {
  private readonly plainOnes = new Map<Code, Uint8Array>()
  private readonly retryOnes = new Map<Code, Uint8Array>()

  plain(code: Code): Uint8Array {
    return this.plainOnes.get(code) ?? this.make(this.plainOnes, code, new MsgpackWriter().value(plainRefusal(refusal(code))))
  }

  /** Up to the number of ms. */
  withRetry(code: Code): Uint8Array {
    const known = this.retryOnes.get(code)
    if (known !== undefined) return known
    const writer = new MsgpackWriter().value(plainRefusal(refusal(code, undefined, 0)))
    writer.length--
    return this.make(this.retryOnes, code, writer)
  }

  private make(templates: Map<Code, Uint8Array>, code: Code, writer: MsgpackWriter): Uint8Array {
    const template = writer.finish()
    templates.set(code, template)
    return template
  }
}

/** `[1, msgid, ...` with a msgid of full width. */
const responseHeadBytes = 7

/** A gateway that asked nothing for so many batches gives its buffer back. */
const idleBatchesMax = 10_000

class AnswerFrame {
  readonly writer = new MsgpackWriter(16 * 1024)
  count = 0
  idleBatches = 0

  constructor() {
    beginAnswers(this.writer)
  }

  /** For one more answer of the usual size. */
  get hasRoom(): boolean {
    return this.writer.length + answerRoomBytes < frameBytesMax && this.count < countMax
  }

  /** The finished frame; its bytes stay valid until {@link clear}. */
  seal(): Uint8Array {
    const { writer, count } = this
    writer.view.setUint16(2, count, true)
    return writer.bytes.subarray(0, writer.length)
  }

  clear(): void {
    this.idleBatches = this.count > 0 ? 0 : this.idleBatches + 1
    this.count = 0
    beginAnswers(this.writer)
  }
}
