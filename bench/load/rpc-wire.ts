import { decodeMessage, writeRequest } from '../../protocol/envelope.ts'
import { MsgpackWriter } from '../../protocol/msgpack-writer.ts'
import { StreamSplitter } from '../../protocol/stream-splitter.ts'
import { ProtocolFault } from './answer-reader.ts'
import { MsgpackAnswers } from './msgpack-answers.ts'
import { type RequestTemplate, type Rounds, userNumberMark } from './request-ring.ts'
import { type Greeting, requestMark, skuMark, userMark, type Wire } from './wire.ts'

export interface BuyParts {
  readonly sku: string
  /** Tells this run's users from others'. */
  readonly run: string
}

/** Who buys what, where not every call is another user's for the same SKU. */
export interface Turns {
  /** Beginning of the SKUs' ids (`skuName` of wire.ts). */
  readonly skus: string
  /** Of each connection. */
  readonly roundsOf: (connection: number) => Rounds
}

/** `buy` by msgpack-RPC on TCP as a service, which names the user first. */
export function rpcWire(buy: BuyParts, key: string | undefined): Wire {
  return {
    greeting: key === undefined ? undefined : authentication(key),
    template: (connection) => buyRequest(buy, connection),
    answers: () => new MsgpackAnswers(),
  }
}

const fixedMsgid = 0xffff_ffff
const msgidTagAt = 2
const frameBytesMax = 64 * 1024

/** `[0, msgid, 'buy', [user, sku, 1, requestId]]` with a msgid of full width. */
export function buyRequest({ sku, run }: BuyParts, connection: number): RequestTemplate {
  const writer = new MsgpackWriter()
  writeRequest(writer, fixedMsgid, 'buy', [userMark(run, connection), sku, 1, requestMark])
  return { bytes: writer.finish(), msgidAt: msgidTagAt + 1 }
}

/**
 * `buy`, and behind it the same user's `leave`, so that people who are always the same do what is full work: a claim begins, a claim ends. The `leave` has no
 * request id: it needs none to be repeated, and a shard would have to remember it.
 */
export function buyAndLeave({ run }: Pick<BuyParts, 'run'>, { skus, roundsOf }: Turns, connection: number): RequestTemplate {
  const user = userMark(run, connection, userNumberMark)
  const sku = skuMark(skus)
  const buy = new MsgpackWriter()
  writeRequest(buy, fixedMsgid, 'buy', [user, sku, 1, requestMark])
  const leave = new MsgpackWriter()
  writeRequest(leave, fixedMsgid, 'leave', [user, sku])
  const msgidAt = msgidTagAt + 1
  return { bytes: buy.finish(), msgidAt, next: { bytes: leave.finish(), msgidAt }, rounds: roundsOf(connection) }
}

/** The same by msgpack-RPC as a service. */
export function turnsWire(parts: Pick<BuyParts, 'run'>, turns: Turns, key: string): Wire {
  return {
    greeting: authentication(key),
    template: (connection) => buyAndLeave(parts, turns, connection),
    answers: () => new MsgpackAnswers(),
  }
}

function authentication(key: string): Greeting {
  const writer = new MsgpackWriter()
  writeRequest(writer, 0, 'auth', [key])
  return { bytes: writer.finish(), replyLength: authReplyLength }
}

function authReplyLength(received: Buffer): number | undefined {
  let length: number | undefined
  new StreamSplitter(frameBytesMax).feed(received, (bytes, from, to) => {
    if (length !== undefined) return
    const message = decodeMessage(bytes, from, to)
    if (message.kind === 'response' && message.error !== null) throw new ProtocolFault(`the server refused the key: ${message.error.code}`)
    length = to
  })
  return length
}
