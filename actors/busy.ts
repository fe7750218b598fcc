import { partsOfName, type ShardName } from '../cluster/store.ts'
import type { Code } from '../protocol/codes.ts'
import { readCommandsHead } from '../protocol/frame.ts'
import { encodeReturned } from '../protocol/returned-frame.ts'
import { Replies } from './replies.ts'

/** Answers every entry of a frame of commands with one code: nothing of it was done, so nothing has to be durable first. */
export function refuseFrame(
  frame: Uint8Array,
  code: Code,
  retryAfterMs: number,
  send: (replyTo: string, answers: Uint8Array) => void,
): void {
  const head = readCommandsHead(frame)
  if (head === undefined) return
  const view = new DataView(frame.buffer, frame.byteOffset, frame.length)
  const replies = new Replies()
  replies.to(head.replyTo)
  let at = head.entriesAt
  for (let left = head.count; left > 0; left--) {
    replies.refuse(view, at, code, retryAfterMs)
    at += view.getUint16(at, true)
  }
  replies.release(send)
}

/** Sends a frame of commands back, for whoever asked to send it to the shard's next owner: nothing of it was done. */
export function giveBackFrame(name: ShardName, commands: Uint8Array, send: (replyTo: string, frame: Uint8Array) => void): void {
  const replyTo = readCommandsHead(commands)?.replyTo
  const returned = encodeReturned({ ...partsOfName(name), commands })
  if (replyTo !== undefined && returned !== undefined) send(replyTo, returned)
  else refuseFrame(commands, 'BUSY', tooLargeRetryMs, send)
}

const tooLargeRetryMs = 500
