import { STATUS_CODES } from 'node:http'
import type { HttpResponse } from './uws.ts'

/**
 * Ends a response whose status and headers are written; called inside its `cork`. What the client does not take now is sent as it takes it, for
 * uWebSockets.js would keep all of it, without a bound, and go on with the client's next request. So it closes a client that asks again before.
 */
export function endWithBody(res: HttpResponse, body: string | Uint8Array): void {
  const bytes = typeof body === 'string' ? Buffer.byteLength(body) : body.length
  const [, isDone] = res.tryEnd(body, bytes)
  if (isDone) return
  const rest = typeof body === 'string' ? Buffer.from(body) : body
  res.onWritable((offset) => {
    const [isTaken] = res.tryEnd(rest.subarray(offset), bytes)
    return isTaken
  })
}

/** Ends a response and, once it is sent, the connection. */
export function endForGood(res: HttpResponse, body: string): void {
  res.end(body, true)
}

/** `404 Not Found` */
export function statusLine(status: number): string {
  return `${status} ${STATUS_CODES[status] ?? ''}`
}
