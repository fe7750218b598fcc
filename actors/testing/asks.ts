import { type Code, codeOfNumber, type Refusal } from '../../protocol/codes.ts'
import { entryHeadBytes, op, writeEntry } from '../../protocol/entry.ts'
import { decodeMessage } from '../../protocol/envelope.ts'
import { commandsHead, eachAnswer, kindOfFrame, frameKind } from '../../protocol/frame.ts'
import { hashBytes, hashBytesAgain } from '../../protocol/hash.ts'
import { packInner, unpackInner } from '../../protocol/inner-codec.ts'
import type { Plain } from '../../protocol/msgpack-writer.ts'

/** A command as tests write it; what is left out is empty. */
export interface Ask {
  readonly op: keyof typeof op
  readonly sku?: string
  readonly user?: string
  readonly qty?: number
  /** The request id; none makes a call that is not remembered. */
  readonly request?: string
  /** Goes through the inner codec, but bytes go as they are. */
  readonly payload?: unknown
  readonly msgid?: number
  readonly slot?: number
  readonly turn?: number
  readonly deadlineAt?: number
}

/** One answer, decoded. */
export interface Answer {
  readonly slot: number
  readonly turn: number
  readonly claim: number
  readonly claimKind: number
  readonly code: Code | undefined
  readonly msgid: number
  readonly error: Refusal | null
  readonly result: Plain
}

const utf8 = new TextEncoder()
const none = new Uint8Array(0)

/** The compact entry that the edge would make of a call. */
export function entryOf(ask: Ask): Uint8Array {
  const sku = utf8.encode(ask.sku ?? '')
  const user = utf8.encode(ask.user ?? '')
  const request = ask.request === undefined ? none : utf8.encode(ask.request)
  const payload = ask.payload === undefined ? none : ask.payload instanceof Uint8Array ? ask.payload : packInner(ask.payload)
  const bytes = new Uint8Array(entryHeadBytes + sku.length + user.length + payload.length)
  writeEntry(bytes, new DataView(bytes.buffer), 0, {
    op: op[ask.op],
    slot: ask.slot ?? 0,
    turn: ask.turn ?? 0,
    msgid: ask.msgid ?? 0,
    deadlineAt: ask.deadlineAt ?? Infinity,
    skuHash: hashBytes(sku, 0, sku.length),
    userHash: hashBytes(user, 0, user.length),
    requestHi: request.length === 0 ? 0 : hashBytes(request, 0, request.length),
    requestLo: request.length === 0 ? 0 : hashBytesAgain(request, 0, request.length),
    qty: ask.qty ?? 1,
    sku,
    user,
    payload,
  })
  return bytes
}

/** A frame of commands as a gateway sends it. */
export function commandsOf(replyTo: string, asks: readonly Ask[]): Uint8Array {
  const head = commandsHead(replyTo)
  head[2] = asks.length & 0xff
  head[3] = asks.length >> 8
  return new Uint8Array(Buffer.concat([head, ...asks.map(entryOf)]))
}

/** The answers of a frame, as a gateway and then a client read them. */
export function answersOf(frame: Uint8Array): Answer[] {
  if (kindOfFrame(frame) !== frameKind.answers) throw new Error('not a frame of answers')
  const answers: Answer[] = []
  eachAnswer(frame, ({ slot, turn, claim, claimKind, code, from, to }) => {
    const message = decodeMessage(frame, from, to)
    if (message.kind !== 'response') throw new Error('an answer is no response')
    const { msgid, error, result } = message
    answers.push({ slot, turn, claim, claimKind, code: codeOfNumber(code), msgid, error, result })
  })
  return answers
}

/** The results of a frame whose answers carry the inner codec. */
export function innerResultsOf<T>(frame: Uint8Array): T[] {
  const results: T[] = []
  eachAnswer(frame, ({ from, to }) => {
    const [, , , result] = unpackInner<[number, number, null, T]>(frame.slice(from, to))
    results.push(result)
  })
  return results
}
