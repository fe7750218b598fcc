import { createHash } from 'node:crypto'
import { hashBytes } from '../protocol/hash.ts'

/**
 * What stands in the place of a user who was erased: `erased-`, the 32 bits of the id's own hash by which digests and tables know it (protocol/hash.ts), and 96 bits
 * of its SHA-256, in hex. It follows from the id, so that who comes again is known to be the same wherever limits and requests still count, and so that replays need
 * no secret. Whoever has the id can tell that a pseudonym is that of it, or guess at ids that are few (docs/users.md).
 */
export type Pseudonym = string

const prefix = 'erased-'
const hashDigits = 8
const digestDigits = 24
export const pseudonymBytes = prefix.length + hashDigits + digestDigits
const prefixBytes = new TextEncoder().encode(prefix)
const utf8 = new TextEncoder()
const latin1 = new TextDecoder('latin1')

/** That of a user id, or itself if it is one. Cost: some microseconds. */
export function pseudonymOf(user: string | Uint8Array): Pseudonym {
  const bytes = typeof user === 'string' ? utf8.encode(user) : user
  if (isPseudonym(bytes)) return latin1.decode(bytes)
  const hash = hashBytes(bytes, 0, bytes.length).toString(16).padStart(hashDigits, '0')
  return `${prefix}${hash}${createHash('sha256').update(bytes).digest('hex').slice(0, digestDigits)}`
}

export function isPseudonym(user: Uint8Array): boolean {
  if (user.length !== pseudonymBytes) return false
  for (let i = 0; i < prefixBytes.length; i++) if (user[i] !== prefixBytes[i]) return false
  for (let i = prefixBytes.length; i < user.length; i++) if (!isHexDigit(user[i] as number)) return false
  return true
}

/** The hash of the user's id, which a pseudonym carries. */
export function userHashOf(user: string | Uint8Array): number {
  const bytes = typeof user === 'string' ? utf8.encode(user) : user
  return isPseudonym(bytes) ? hashInPseudonym(latin1.decode(bytes)) : hashBytes(bytes, 0, bytes.length)
}

export function hashInPseudonym(pseudonym: string): number {
  return Number.parseInt(pseudonym.slice(prefix.length, prefix.length + hashDigits), 16)
}

/** Of two names of which one may be the other's pseudonym. Their hashes are equal already, so that this is asked for few. */
export function isSameUser(a: Uint8Array, b: Uint8Array): boolean {
  return isPseudonym(a) !== isPseudonym(b) && pseudonymOf(a) === pseudonymOf(b)
}

function isHexDigit(byte: number): boolean {
  return (byte >= 0x30 && byte <= 0x39) || (byte >= 0x61 && byte <= 0x66)
}
