import { HttpAnswers } from './http-answers.ts'
import type { BuyParts } from './rpc-wire.ts'
import { requestMark, userMark, type Wire } from './wire.ts'

/** `POST /v1/call/buy` with the user in the header that an authenticating proxy would set. */
export function httpWire({ sku, run }: BuyParts, host: string, userHeader: string): Wire {
  return {
    greeting: undefined,
    template: (connection) => {
      const body = JSON.stringify([sku, 1, requestMark])
      const lines = [
        'POST /v1/call/buy HTTP/1.1',
        `Host: ${host}`,
        `${userHeader}: ${userMark(run, connection)}`,
        'Content-Type: application/json',
        `Content-Length: ${body.length}`,
        '',
        body,
      ]
      return { bytes: Buffer.from(lines.join('\r\n')) }
    },
    answers: (slots) => new HttpAnswers(slots),
  }
}
