import { BodylessAnswers } from './bodyless-answers.ts'
import { endForGood, endWithBody, statusLine } from './http-answer.ts'
import type { ReadCounters, ReadOutcome } from './read-counters.ts'
import type { FileKind, StaticFile } from './static-files.ts'
import type { HttpRequest, HttpResponse } from './uws.ts'
import { hasTag } from './validators.ts'

export interface StaticServerParts {
  readonly files: ReadonlyMap<string, StaticFile>
  /** Where pages load their assets from, empty if from here. */
  readonly assetOrigin: string
  readonly counters: ReadCounters
}

const cacheControl: Readonly<Record<FileKind, string>> = {
  page: 'no-cache',
  file: 'no-cache',
  asset: 'public, max-age=31536000, immutable',
}

/** Sends the files that were read at the start, by GET and HEAD. */
export class StaticServer {
  private readonly files: ReadonlyMap<string, StaticFile>
  private readonly counters: ReadCounters
  private readonly safeHeaders: readonly (readonly [string, string])[]
  private readonly bodyless = new BodylessAnswers()

  constructor({ files, assetOrigin, counters }: StaticServerParts) {
    this.files = files
    this.counters = counters
    this.safeHeaders = [
      ['Content-Security-Policy', contentPolicy(assetOrigin)],
      ['X-Content-Type-Options', 'nosniff'],
      ['Referrer-Policy', 'no-referrer'],
    ]
  }

  serve(res: HttpResponse, req: HttpRequest): void {
    const file = this.files.get(req.getUrl())
    const method = req.getMethod()
    const isKnown = file !== undefined && hasTag(req.getHeader('if-none-match'), file.etag)
    // A client that goes away while its file is being sent leaves nothing to clear up.
    res.onAborted(() => {})
    res.cork(() => this.counters.count(file?.kind ?? 'nothing', this.answer(res, method, file, isKnown)))
  }

  private answer(res: HttpResponse, method: string, file: StaticFile | undefined, isKnown: boolean): ReadOutcome {
    if (method === 'head') return this.head(res, file)
    if (method !== 'get') {
      endWithText(res, 405)
      return 'refused'
    }
    if (file === undefined) {
      endWithText(res, 404)
      return 'not_found'
    }
    if (isKnown && this.bodyless.mayGive()) {
      this.writeHead(res, 304, file).endWithoutBody()
      return 'not_modified'
    }
    endWithBody(this.writeHead(res, 200, file), file.bytes)
    return 'sent'
  }

  private head(res: HttpResponse, file: StaticFile | undefined): ReadOutcome {
    if (!this.bodyless.mayGive()) {
      endForGood(res.writeStatus(statusLine(429)).writeHeader('Retry-After', '1'), '')
      return 'refused'
    }
    if (file === undefined) {
      res.writeStatus(statusLine(404)).endWithoutBody()
      return 'not_found'
    }
    // The length as a header, for 20.30 would wait for a body of the length it is told, and end the process because none comes.
    this.writeHead(res, 200, file).writeHeader('Content-Length', String(file.bytes.length)).endWithoutBody()
    return 'sent'
  }

  private writeHead(res: HttpResponse, status: number, file: StaticFile): HttpResponse {
    res.writeStatus(statusLine(status))
    for (const [name, value] of this.safeHeaders) res.writeHeader(name, value)
    // Pages of this gateway ask another origin for them, and module scripts are not run without this. They are the same for everybody.
    if (file.kind === 'asset')
      res.writeHeader('Access-Control-Allow-Origin', '*').writeHeader('Cross-Origin-Resource-Policy', 'cross-origin')
    return res.writeHeader('Content-Type', file.type).writeHeader('ETag', file.etag).writeHeader('Cache-Control', cacheControl[file.kind])
  }
}

/** Scripts, styles and pictures come from here or from the asset origin, and calls go nowhere else than here. */
function contentPolicy(assetOrigin: string): string {
  const assets = assetOrigin === '' ? "'self'" : `'self' ${assetOrigin}`
  return [
    "default-src 'self'",
    `script-src ${assets}`,
    `style-src ${assets}`,
    `img-src ${assets} data:`,
    `font-src ${assets}`,
    "connect-src 'self' ws: wss:",
    "base-uri 'none'",
    "form-action 'self'",
    "frame-ancestors 'none'",
  ].join('; ')
}

function endWithText(res: HttpResponse, status: number): void {
  endWithBody(res.writeStatus(statusLine(status)).writeHeader('Content-Type', 'text/plain'), statusLine(status))
}
