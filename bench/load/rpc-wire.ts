import { decodeMessage, writeRequest } from '../../protocol/envelope.ts'
import { MsgpackWriter } from '../../protocol/msgpack-writer.ts'
import { StreamSplitter } from '../../protocol/stream-splitter.ts'
import { ProtocolFault } from './answer-reader.ts'
import { MsgpackAnswers } from './msgpack-answers.ts'
import type { RequestTemplate } from './request-ring.ts'
import { type Greeting, requestMark, userMark, type Wire } from './wire.ts'

export interface BuyParts {
  readonly sku: string
  /** Tells this run's users from others'. */
  readonly run: string
}

/** `buy` by msgpack-RPC on TCP as a service, which names the user first. */
export function rpcWire(buy: BuyParts, key: string | undefined): Wire {
  return {
    greeting: key === undefined ? undefined : authentication(key),
    template: (connection) => buyRequest(buy, connection),
    answers: () => new MsgpackAnswers(),
  }
}

/** A msgid of full width, and where it stands. */
export const fixedMsgid = 0xffff_ffff
export const msgidOffset = 3
const frameBytesMax = 64 * 1024

/** `[0, msgid, 'buy', [user, sku, 1, requestId]]` with a msgid of full width. */
export function buyRequest({ sku, run }: BuyParts, connection: number): RequestTemplate {
  const writer = new MsgpackWriter()
  writeRequest(writer, fixedMsgid, 'buy', [userMark(run, connection), sku, 1, requestMark])
  return { bytes: writer.finish(), msgidAt: msgidOffset }
}

export function authentication(key: string): Greeting {
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
