import { endForGood, endWithBody, statusLine } from './http-answer.ts'
import type { StaticFile } from './static-files.ts'
import type { HttpRequest, HttpResponse } from './uws.ts'

const securityHeaders: readonly (readonly [string, string])[] = [
  [
    'Content-Security-Policy',
    "default-src 'self'; connect-src 'self' ws: wss:; img-src 'self' data:; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
  ],
  ['X-Content-Type-Options', 'nosniff'],
  ['Referrer-Policy', 'no-referrer'],
]

/**
 * One of so many answers without a body is another one: nothing tells whether a client takes those, so one that asks again and again and never
 * reads could fill the memory with them.
 */
const bodylessInARow = 64

/** Sends the files that were read at the start, by GET and HEAD. */
export class StaticServer {
  private readonly files: ReadonlyMap<string, StaticFile>
  private bodyless = 0

  constructor(files: ReadonlyMap<string, StaticFile>) {
    this.files = files
  }

  serve(res: HttpResponse, req: HttpRequest): void {
    const file = this.files.get(req.getUrl())
    const method = req.getMethod()
    const isKnown = file !== undefined && req.getHeader('if-none-match') === file.etag
    // A client that goes away while its file is being sent leaves nothing to clear up.
    res.onAborted(() => {})
    res.cork(() => {
      if (method === 'head') this.head(res, file)
      else if (method !== 'get') endWithText(res, 405)
      else if (file === undefined) endWithText(res, 404)
      else if (isKnown && this.mayLeaveOutBody()) writeHead(res, 304, file).endWithoutBody()
      else endWithBody(writeHead(res, 200, file), file.bytes)
    })
  }

  private head(res: HttpResponse, file: StaticFile | undefined): void {
    if (!this.mayLeaveOutBody()) return endForGood(res.writeStatus(statusLine(429)).writeHeader('Retry-After', '1'), '')
    if (file === undefined) res.writeStatus(statusLine(404)).endWithoutBody()
    // The length as a header, for 20.30 would wait for a body of the length it is told, and end the process because none comes.
    else writeHead(res, 200, file).writeHeader('Content-Length', String(file.bytes.length)).endWithoutBody()
  }

  private mayLeaveOutBody(): boolean {
    this.bodyless = (this.bodyless + 1) % bodylessInARow
    return this.bodyless !== 0
  }
}

function writeHead(res: HttpResponse, status: number, file: StaticFile): HttpResponse {
  res.writeStatus(statusLine(status))
  for (const [name, value] of securityHeaders) res.writeHeader(name, value)
  return res.writeHeader('Content-Type', file.type).writeHeader('ETag', file.etag).writeHeader('Cache-Control', 'no-cache')
}

function endWithText(res: HttpResponse, status: number): void {
  endWithBody(res.writeStatus(statusLine(status)).writeHeader('Content-Type', 'text/plain'), statusLine(status))
}
