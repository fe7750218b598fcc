import { writeHeld } from '../../actors/inventory/claim-answer.ts'
import { Replies } from '../../actors/replies.ts'
import type { Bus } from '../../cluster/bus.ts'
import { entryOffset, op } from '../../protocol/entry.ts'
import { claimKind, readCommandsHead } from '../../protocol/frame.ts'

const expiresInMs = 120_000

/** Answers every `buy` at once with a hold, in the frames of a real shard, and decides and stores nothing. */
export class AnsweringShard {
  private readonly replies = new Replies()
  private claim = 0

  /** False, and nothing is answered, if the frame holds anything but buys. */
  answer(frame: Uint8Array, send: (replyTo: string, answers: Uint8Array) => void): boolean {
    const head = readCommandsHead(frame)
    if (head === undefined) return false
    const view = new DataView(frame.buffer, frame.byteOffset, frame.length)
    if (!eachIsBuy(frame, view, head.entriesAt, head.count)) return false
    const expiresAt = Date.now() + expiresInMs
    this.replies.to(head.replyTo)
    let at = head.entriesAt
    for (let left = head.count; left > 0; left--) {
      const claim = (this.claim = (this.claim + 1) >>> 0)
      writeHeld(this.replies.begin(view, at), claim, 1, expiresAt)
      this.replies.end(claim, claimKind.hold)
      at += view.getUint16(at, true)
    }
    this.replies.release(send)
    return true
  }
}

/** Puts it at the end of a bus. */
export function serveAnswers(bus: Bus, subject: string): void {
  const shard = new AnsweringShard()
  bus.serve(subject, (frame) => void shard.answer(frame, (replyTo, answers) => void bus.send(replyTo, answers)))
}

function eachIsBuy(frame: Uint8Array, view: DataView, entriesAt: number, count: number): boolean {
  let at = entriesAt
  for (let left = count; left > 0; left--) {
    if (frame[at + entryOffset.op] !== op.buy) return false
    at += view.getUint16(at, true)
  }
  return true
}
