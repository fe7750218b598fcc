import { createHash, timingSafeEqual } from 'node:crypto'
import { type Code, codeTable, type Refusal, refusal } from '../../protocol/codes.ts'
import { decodeJson } from '../../protocol/json-reader.ts'
import { Malformed } from '../../protocol/msgpack-reader.ts'
import type { Plain } from '../../protocol/msgpack-writer.ts'
import type { OpsAnswer, OpsRequest } from '../ops-routes.ts'

export const cookieName = 'sluice-console'
export const tokenHeader = 'x-sluice-token'

/** Whether a browser says that the request comes from a page of this very origin. Those that do not say it are told apart by the cookie, which goes to no other site's requests. */
export function isFromHere({ headers }: OpsRequest): boolean {
  const site = headers['sec-fetch-site']
  return site === undefined || site === 'same-origin' || site === 'none'
}

/** For what changes something. Every browser names the origin with a POST; without one it is no page of ours. */
export function isChangeFromHere(request: OpsRequest): boolean {
  const { origin, host } = request.headers
  if (!isFromHere(request) || origin === undefined || host === undefined || !URL.canParse(origin)) return false
  // The scheme may differ where a proxy ends the TLS.
  return new URL(origin).host === host.toLowerCase() && request.headers['content-type'] === 'application/json'
}

/** Compared by digest, so that nothing of it shows in the time. */
export function hasToken({ headers }: OpsRequest, token: string): boolean {
  const given = headers[tokenHeader]
  return typeof given === 'string' && timingSafeEqual(digestOf(given), digestOf(token))
}

/** The id in the session's cookie; empty without one. */
export function sessionIdOf({ headers }: OpsRequest): string {
  for (const pair of (headers.cookie ?? '').split(';')) {
    const [name, value = ''] = pair.trim().split('=', 2)
    if (name === cookieName) return value
  }
  return ''
}

/** For this browser session and this path only. `Secure` where the proxy before this port speaks TLS: on plain HTTP a browser would not keep it. */
export function sessionCookie(request: OpsRequest, id: string): string {
  const secure = request.headers['x-forwarded-proto'] === 'https' ? '; Secure' : ''
  const life = id === '' ? '; Max-Age=0' : ''
  return `${cookieName}=${id}; Path=/console; HttpOnly; SameSite=Strict${secure}${life}`
}

/** The body as plain data under the rules of every call. Throws {@link Malformed}. */
export function bodyOf({ body }: OpsRequest): Plain {
  let text: string
  try {
    text = utf8.decode(body)
  } catch {
    throw new Malformed('not UTF-8')
  }
  return decodeJson(text)
}

export function queryOf({ path }: OpsRequest): URLSearchParams {
  const at = path.indexOf('?')
  return new URLSearchParams(at === -1 ? '' : path.slice(at + 1))
}

export function json(value: object, headers: Readonly<Record<string, string>> = {}): OpsAnswer {
  return jsonText(JSON.stringify(value), 200, headers)
}

export function jsonText(text: string, status = 200, headers: Readonly<Record<string, string>> = {}): OpsAnswer {
  return { status, text, type: 'application/json', headers: { ...safeHeaders, ...headers } }
}

export function refused(code: Code, message?: string, retryAfterMs?: number): OpsAnswer {
  return refusedBy(refusal(code, message, retryAfterMs))
}

export function refusedBy(error: Refusal): OpsAnswer {
  const { retryAfterMs } = error
  const headers: Record<string, string> = retryAfterMs === undefined ? {} : { 'retry-after': String(Math.ceil(retryAfterMs / 1000)) }
  return jsonText(JSON.stringify({ error }), codeTable[error.code].status, headers)
}

/** On everything that the console answers: nothing of it is run, framed or read by pages of others. */
export const safeHeaders = {
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-resource-policy': 'same-origin',
} as const

const utf8 = new TextDecoder('utf-8', { fatal: true })

function digestOf(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}
