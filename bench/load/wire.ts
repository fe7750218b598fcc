import type { AnswerReader } from './answer-reader.ts'
import { numberMark, type RequestTemplate, type userNumberMark } from './request-ring.ts'

/** What one kind of connection says and hears: a transport of Sluice, or a peer's protocol. */
export interface Wire {
  /** What opens a connection before the first call. */
  readonly greeting: Greeting | undefined
  /** The request that connection number `connection` sends again and again. */
  template(connection: number): RequestTemplate
  /** A reader for one connection whose ring has so many slots. */
  answers(slots: number): AnswerReader
}

export interface Greeting {
  readonly bytes: Uint8Array
  /** How many of the received bytes are the whole reply, or undefined if more have to come. Throws if the peer refuses. */
  replyLength(received: Buffer): number | undefined
}

/** A user id of 16 bytes: unique for each run, connection and call; or with `mark`, for each run, connection and user of that connection. */
export function userMark(run: string, connection: number, mark: typeof numberMark | typeof userNumberMark = numberMark): string {
  return `${run}${connection.toString(36).padStart(connectionDigits, '0')}${mark}`
}

/** Request ids have to be unique for their user only. */
export const requestMark = `r-${numberMark}`

/** Letters and digits that tell the users of one run from those of another. */
export const runDigits = 4
const connectionDigits = 4
