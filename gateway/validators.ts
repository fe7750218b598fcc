import { createHash } from 'node:crypto'

/** The entity tag of these bytes (RFC 9110, section 8.8.3). */
export function tagOf(bytes: Uint8Array | string): string {
  return `"${createHash('sha256').update(bytes).digest('base64url').slice(0, 22)}"`
}

/**
 * Whether `If-None-Match` says that the client has what bears the tag, by the weak comparison that the header asks for (RFC 9110, section 13.1.2):
 * proxies that compress make a strong tag a weak one.
 */
export function hasTag(ifNoneMatch: string, etag: string): boolean {
  if (ifNoneMatch === '') return false
  if (ifNoneMatch === etag || ifNoneMatch.trim() === '*') return true
  return ifNoneMatch.split(',').some((one) => one.trim().replace(/^W\//, '') === etag)
}
