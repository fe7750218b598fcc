import { fileURLToPath } from 'node:url'
import { loadStaticFiles, type StaticFile } from '../../gateway/static-files.ts'
import { hasTag } from '../../gateway/validators.ts'
import type { OpsAnswer, OpsRequest, OpsSection } from '../ops-routes.ts'
import { safeHeaders } from './console-request.ts'

export const consolePath = '/console'
export const assetsPath = '/assets'

/** Everything comes from here, nothing is written into the page, nobody puts it into a frame. */
const contentPolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ')

const pageHeaders = {
  ...safeHeaders,
  'content-security-policy': contentPolicy,
  'x-frame-options': 'DENY',
  'cross-origin-opener-policy': 'same-origin',
}

/** The console's page and what it is made of, read once at the start. None of it is secret: what it shows is asked for with a session. */
export function consoleFiles(): OpsSection {
  const files = loadStaticFiles({ [consolePath]: pathOf('./page'), '/gateway/page/element.js': pathOf('../../gateway/page/element.js') })
  const page = files.get(`${consolePath}/index.html`)
  return async (request) => {
    const path = request.path.split('?', 1)[0] ?? ''
    const file = path === consolePath || path === `${consolePath}/` ? page : files.get(path)
    if (request.method !== 'GET') return { status: 405, text: 'only GET\n', headers: { ...safeHeaders, allow: 'GET' } }
    if (file === undefined || file.kind === 'file') return { status: 404, text: 'there is nothing here\n', headers: safeHeaders }
    return answerOf(file, request)
  }
}

function answerOf(file: StaticFile, { headers }: OpsRequest): OpsAnswer {
  // The page itself is never kept: on a shared machine the way back leads nowhere.
  const cacheControl = file.kind === 'asset' ? 'public, max-age=31536000, immutable' : 'no-store'
  const own = file.kind === 'page' ? pageHeaders : safeHeaders
  const told = { ...own, etag: file.etag, 'cache-control': cacheControl }
  if (hasTag(headers['if-none-match'] ?? '', file.etag)) return { status: 304, text: '', type: file.type, headers: told }
  return { status: 200, text: file.bytes, type: file.type, headers: told }
}

function pathOf(relative: string): string {
  return fileURLToPath(new URL(relative, import.meta.url))
}
