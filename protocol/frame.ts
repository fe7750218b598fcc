import type { MsgpackWriter } from './msgpack-writer.ts'

/**
 * What travels on the bus. Every frame begins with a version and a kind:
 *
 *     commands   u8 1, u8 1, u16 count, u8 replyBytes, reply subject, entries (entry.ts)
 *     answers    u8 1, u8 2, u16 count, then per answer: u32 slot, u32 turn, u32 claim, u8 claimKind, u8 code, u32 bytes, a finished response
 *     broadcast  u8 1, u8 3, inner codec of a ShardBroadcast (broadcast.ts)
 *     notice     u8 1, u8 4, inner codec of a ClaimNotice
 *     hand-over  u8 1, u8 5, one shard's name and what is the matter with it (hand-over.ts)
 *     question   u8 1, u8 6, one process asks another what it does (node-report.ts)
 *     answer     u8 1, u8 7, and is told
 *     returned   u8 1, u8 8, commands that a shard has not taken (returned-frame.ts)
 *     order      u8 1, u8 9, inner codec of an OrderNotice
 *     bans       u8 1, u8 10, the version of the bans that are kept now (ban.ts)
 *     catalogue  u8 1, u8 11: products have changed (product.ts)
 *     user       u8 1, u8 12, inner codec of a UserNotice
 *
 * Numbers are little-endian. A reader refuses a version that it does not know.
 */
export const frameVersion = 1
export const frameKind = {
  commands: 1,
  answers: 2,
  broadcast: 3,
  notice: 4,
  handOver: 5,
  nodeQuestion: 6,
  nodeAnswer: 7,
  returned: 8,
  orderNotice: 9,
  bans: 10,
  catalogue: 11,
  userNotice: 12,
  limits: 13,
  keys: 14,
} as const

/** Frames stay below the 1 MiB that NATS takes by default, with room for its headers. */
export const frameBytesMax = 960 * 1024

export const answersHeadBytes = 4
export const answerHeadBytes = 18

/** `claim` and `claimKind` let a gateway follow a user's claim without looking into the answer; `code` is 0 for a result. */
export const answerOffset = { slot: 0, turn: 4, claim: 8, claimKind: 12, code: 13, bytes: 14 } as const

export interface CommandsHead {
  readonly count: number
  readonly replyTo: string
  readonly entriesAt: number
}

const latin1 = new TextDecoder('latin1')

/** Bytes in front of the first entry. The count is patched in when the batch is sent. */
export function commandsHead(replyTo: string): Uint8Array {
  const subject = new TextEncoder().encode(replyTo)
  return Uint8Array.of(frameVersion, frameKind.commands, 0, 0, subject.length, ...subject)
}

export function readCommandsHead(bytes: Uint8Array): CommandsHead | undefined {
  if (bytes.length < 5 || bytes[0] !== frameVersion || bytes[1] !== frameKind.commands) return undefined
  const count = (bytes[2] as number) | ((bytes[3] as number) << 8)
  const entriesAt = 5 + (bytes[4] as number)
  return entriesAt > bytes.length ? undefined : { count, replyTo: latin1.decode(bytes.subarray(5, entriesAt)), entriesAt }
}

/** The kind of a frame in a version that this code reads. */
export function kindOfFrame(bytes: Uint8Array): number | undefined {
  return bytes[0] === frameVersion ? bytes[1] : undefined
}

/** Starts an answers frame in an empty writer. */
export function beginAnswers(writer: MsgpackWriter): void {
  writer.length = 0
  const at = writer.reserve(answersHeadBytes)
  writer.bytes[at] = frameVersion
  writer.bytes[at + 1] = frameKind.answers
  writer.view.setUint16(at + 2, 0, true)
  writer.length = answersHeadBytes
}

export const noClaim = 0

/** What a claim number in an answer's head stands for. */
export const claimKind = { none: 0, ticket: 1, hold: 2, order: 3 } as const

/** Calls `onAnswer` for each answer of an answers frame; the bytes are valid during the call only. */
export function eachAnswer(frame: Uint8Array, onAnswer: (answer: AnswerView) => void): void {
  const view = new DataView(frame.buffer, frame.byteOffset, frame.length)
  const answer: AnswerView = { slot: 0, turn: 0, claim: 0, claimKind: 0, code: 0, frame, from: 0, to: 0 }
  let at = answersHeadBytes
  for (let left = view.getUint16(2, true); left > 0; left--) {
    answer.slot = view.getUint32(at + answerOffset.slot, true)
    answer.turn = view.getUint32(at + answerOffset.turn, true)
    answer.claim = view.getUint32(at + answerOffset.claim, true)
    answer.claimKind = frame[at + answerOffset.claimKind] as number
    answer.code = frame[at + answerOffset.code] as number
    answer.from = at + answerHeadBytes
    answer.to = answer.from + view.getUint32(at + answerOffset.bytes, true)
    at = answer.to
    onAnswer(answer)
  }
}

/** One answer inside a frame; the same object is reused for the next one. */
export interface AnswerView {
  slot: number
  turn: number
  claim: number
  claimKind: number
  code: number
  readonly frame: Uint8Array
  from: number
  to: number
}
