import { parseProductId, parseSaleId, parseSkuId } from '../protocol/ids.ts'
import type { Plain } from '../protocol/msgpack-writer.ts'
import { BodylessAnswers } from './bodyless-answers.ts'
import { httpMsgid } from './dispatcher.ts'
import { endForGood, endWithBody, statusLine } from './http-answer.ts'
import { HttpConnection } from './http-connection.ts'
import type { HttpParts } from './http.ts'
import { nobody } from './identity.ts'
import type { ReadSubject } from './read-counters.ts'
import type { HttpRequest, HttpResponse } from './uws.ts'
import { hasTag, tagOf } from './validators.ts'

/** `address` is what limits count the asker as. */
export type ServeRead = (res: HttpResponse, req: HttpRequest, address: string) => void

/**
 * How long caches may keep what was read. Stock moves every tick, and who wants it as it moves has a WebSocket; this is for the many who come to look.
 * A second spares the gateways all but one request a second and thing; then one asks again while the others get what was there, and while
 * no gateway answers, what was there a minute ago.
 */
const readCacheControl = 'public, max-age=1, stale-while-revalidate=5, stale-if-error=60'
/** Of what there is not: it may be there in a second. */
const absentCacheControl = 'public, max-age=1'

/**
 * The public methods as resources that caches between here and the browser understand. They say the same to everybody: whoever asks, by whatever token
 * or header, is nobody here.
 *
 *     GET /v1/sales          sale.list
 *     GET /v1/sales/<sale>   sale.get
 *     GET /v1/skus/<sku>     sku.get
 *     GET /v1/products/<product>    catalogue.get
 *     GET /v1/products?q=<text>&<filter>=<value>    catalogue.search
 */
export class PublicReads {
  private readonly parts: HttpParts
  private readonly bodyless = new BodylessAnswers()

  constructor(parts: HttpParts) {
    this.parts = parts
  }

  routes(): readonly (readonly [path: string, serve: ServeRead])[] {
    return [
      ['/v1/sales', (res, req, address) => this.serve(res, req, address, 'sales', 'sale.list', [])],
      ['/v1/sales/:id', (res, req, address) => this.serve(res, req, address, 'sale', 'sale.get', [parseSaleId(req.getParameter(0))])],
      ['/v1/skus/:id', (res, req, address) => this.serve(res, req, address, 'sku', 'sku.get', [parseSkuId(req.getParameter(0))])],
      ['/v1/products', (res, req, address) => this.serve(res, req, address, 'search', 'catalogue.search', searchParams(req))],
      [
        '/v1/products/:id',
        (res, req, address) => this.serve(res, req, address, 'product', 'catalogue.get', [parseProductId(req.getParameter(0))]),
      ],
    ]
  }

  private serve(
    res: HttpResponse,
    req: HttpRequest,
    address: string,
    subject: ReadSubject,
    method: string,
    params: readonly (Plain | undefined)[],
  ): void {
    const { connections, dispatcher } = this.parts.core
    const isHead = req.getMethod() === 'head'
    const known = req.getHeader('if-none-match')
    const connection = new HttpConnection({
      response: res,
      address,
      identity: nobody,
      connections,
      jsonText: this.parts.jsonText,
      write: (response, status, body, retryAfterMs) => this.write(response, { subject, isHead, known, status, body, retryAfterMs }),
    })
    connections.add(connection)
    res.onAborted(() => connection.aborted())
    // A name that can be none makes a call that is malformed. It is not decoded, for names need no escapes, and each thing has one address in every cache.
    const named = params.flatMap((param) => param ?? '')
    dispatcher.request(connection, { kind: 'request', msgid: httpMsgid, method, params: named })
    dispatcher.flush()
  }

  private write(res: HttpResponse, answer: ReadAnswer): void {
    const { subject, isHead, known, status, body, retryAfterMs } = answer
    const { reads } = this.parts.core.counters
    if (isHead && !this.bodyless.mayGive()) {
      reads.count(subject, 'refused')
      return endForGood(res.writeStatus(statusLine(429)).writeHeader('Retry-After', '1'), '')
    }
    const etag = status === 200 ? tagOf(body) : ''
    const isKnown = etag !== '' && hasTag(known, etag) && this.bodyless.mayGive()
    reads.count(subject, isKnown ? 'not_modified' : status === 200 ? 'sent' : status === 404 ? 'not_found' : 'refused')
    res.writeStatus(statusLine(isKnown ? 304 : status))
    res.writeHeader('Cache-Control', status === 200 ? readCacheControl : status === 404 ? absentCacheControl : 'no-store')
    res.writeHeader('Content-Type', 'application/json').writeHeader('X-Content-Type-Options', 'nosniff')
    // The pages of a shop come from elsewhere, and what is said here is for everybody.
    res.writeHeader('Access-Control-Allow-Origin', '*')
    if (etag !== '') res.writeHeader('ETag', etag)
    if (retryAfterMs !== undefined) res.writeHeader('Retry-After', String(Math.ceil(retryAfterMs / 1000)))
    if (isKnown) res.endWithoutBody()
    else if (isHead) res.writeHeader('Content-Length', String(Buffer.byteLength(body))).endWithoutBody()
    else endWithBody(res, body)
  }
}

const textFilters = ['sale', 'category', 'state']
const numberFilters = ['priceMin', 'priceMax', 'skip', 'limit']

/** What else stands in the query is not for us. A number that is none makes a call that is malformed. */
function searchParams(req: HttpRequest): readonly Plain[] {
  const given = (names: readonly string[]): readonly (readonly [string, string])[] =>
    names.flatMap((name) => {
      const value = req.getQuery(name)
      return value === undefined || value === '' ? [] : [[name, value] as const]
    })
  const numbers = given(numberFilters).map(([name, value]) => [name, /^\d{1,15}$/.test(value) ? Number(value) : value] as const)
  return [req.getQuery('q') ?? '', Object.fromEntries([...given(textFilters), ...numbers])]
}

interface ReadAnswer {
  readonly subject: ReadSubject
  readonly isHead: boolean
  /** `If-None-Match`. */
  readonly known: string
  readonly status: number
  readonly body: string
  readonly retryAfterMs: number | undefined
}
