import type { Log } from '../cluster/world.ts'
import { codeTable, type Refusal, refusal } from '../protocol/codes.ts'
import { decodeJson } from '../protocol/json-reader.ts'
import type { Plain } from '../protocol/msgpack-writer.ts'
import { httpMsgid } from './dispatcher.ts'
import type { GatewayCore } from './gateway-core.ts'
import { endForGood, endWithBody, statusLine } from './http-answer.ts'
import { HttpConnection, writeCallAnswer } from './http-connection.ts'
import type { Identity } from './identity.ts'
import type { JsonText } from './json-text.ts'
import type { HttpRequest, HttpResponse } from './uws.ts'

export interface HttpParts {
  readonly core: GatewayCore
  readonly jsonText: JsonText
  readonly bodyBytesMax: number
}

/** A route of its own, outside the protocol. Gets the parsed JSON body of a POST, undefined for a GET, and resolves with what to answer as JSON. */
export type HttpRoute = (body: Plain | undefined) => Promise<{ readonly status: number; readonly body: Plain }>

/** `POST /v1/call/<method>` with a JSON array of params. */
export function serveCall(parts: HttpParts, res: HttpResponse, req: HttpRequest, identity: Identity, address: string): void {
  const method = req.getParameter(0) ?? ''
  parts.core.counters.httpCalls++
  const { connections, dispatcher } = parts.core
  const connection = new HttpConnection({ response: res, address, identity, connections, jsonText: parts.jsonText, write: writeCallAnswer })
  connections.add(connection)
  readBody(res, parts.bodyBytesMax, (body) => {
    if (body === undefined) return connection.aborted()
    if (body === 'too-large') return answerDirectly(parts, res, connection, refusal('TOO_LARGE'))
    if (dispatcher.hotJson(connection, method, body)) return dispatcher.flush()
    const params = body.length === 0 ? [] : parseJson(body)
    if (!Array.isArray(params))
      return answerDirectly(parts, res, connection, refusal('MALFORMED', 'The body must be a JSON array of params.'))
    dispatcher.request(connection, { kind: 'request', msgid: httpMsgid, method, params })
    dispatcher.flush()
  })
}

export function serveRoute(route: HttpRoute, bodyBytesMax: number, log: Log, res: HttpResponse, req: HttpRequest): void {
  const isPost = req.getMethod() === 'post'
  let aborted = false
  const answer = (status: number, body: Plain, isLast = false): void => {
    if (aborted) return
    res.cork(() => {
      res.writeStatus(statusLine(status)).writeHeader('Content-Type', 'application/json').writeHeader('Cache-Control', 'no-store')
      if (isLast) endForGood(res, JSON.stringify(body))
      else endWithBody(res, JSON.stringify(body))
    })
  }
  readBody(res, bodyBytesMax, (bytes) => {
    if (bytes === undefined) {
      aborted = true
      return
    }
    if (bytes === 'too-large') return answer(413, { error: { ...refusal('TOO_LARGE') } }, true)
    const body = isPost ? parseJson(bytes) : undefined
    if (isPost && body === undefined) return answer(400, { error: { ...refusal('MALFORMED', 'The body must be JSON.') } })
    route(body).then(
      (outcome) => answer(outcome.status, outcome.body),
      (error: unknown) => {
        log.error({ error: String(error) }, 'a route failed')
        answer(503, { error: { ...refusal('UNAVAILABLE') } })
      },
    )
  })
}

/** Collects a body of at most `bytesMax`. Calls back once: with the bytes, valid during the call, `too-large`, or undefined when the client is gone. */
function readBody(res: HttpResponse, bytesMax: number, done: (body: Uint8Array | 'too-large' | undefined) => void): void {
  let gathered: Uint8Array = noBytes
  let over = false
  res.onAborted(() => done(undefined))
  res.onData((chunk, isLast) => {
    if (over) return
    // Nearly every body is one chunk, which is read before its memory is gone.
    if (isLast && gathered.length === 0 && chunk.byteLength <= bytesMax) return done(new Uint8Array(chunk))
    if (gathered.length + chunk.byteLength > bytesMax) {
      over = true
      return done('too-large')
    }
    if (chunk.byteLength > 0) {
      const larger = new Uint8Array(gathered.length + chunk.byteLength)
      larger.set(gathered)
      larger.set(new Uint8Array(chunk), gathered.length)
      gathered = larger
    }
    if (isLast) done(gathered)
  })
}

const noMethod = 0
const noBytes = new Uint8Array(0)
const utf8 = new TextDecoder('utf-8', { fatal: true })

function parseJson(bytes: Uint8Array): Plain | undefined {
  try {
    return decodeJson(utf8.decode(bytes))
  } catch {
    // The caller answers MALFORMED; why exactly it is not JSON helps nobody.
    return undefined
  }
}

/** Refuses what never became a call. */
function answerDirectly(parts: HttpParts, res: HttpResponse, connection: HttpConnection, error: Refusal): void {
  parts.core.counters.answered(noMethod, codeTable[error.code].number)
  res.cork(() => {
    res.writeStatus(statusLine(codeTable[error.code].status)).writeHeader('Content-Type', 'application/json')
    const body = JSON.stringify({ error: { ...error } })
    // What is left of a body that is too large is not read any more.
    if (error.code === 'TOO_LARGE') endForGood(res, body)
    else endWithBody(res, body)
  })
  connection.aborted()
}
