import type { Plain } from './msgpack-writer.ts'
import type { UserInfo } from './results.ts'

const displayNameCharactersMax = 64
const tierName = /^[A-Za-z0-9._-]{1,32}$/

export const userInfoRule =
  'a map with displayName (1 to 64 characters without control characters), tier (1 to 32 letters, digits, dots, dashes or underscores), or both; nil takes one away'

/** What a shop says of a user; undefined if it is not {@link userInfoRule}. */
export function parseUserInfo(value: Plain | undefined): Partial<UserInfo> | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined
  const fields = Object.entries(value)
  const isGood = fields.every(([name, field]) => (name === 'displayName' && isDisplayName(field)) || (name === 'tier' && isTier(field)))
  return isGood && fields.length > 0 ? (value as Partial<UserInfo>) : undefined
}

function isDisplayName(value: Plain | undefined): boolean {
  if (value === null) return true
  if (typeof value !== 'string' || value.trim() === '' || !value.isWellFormed()) return false
  return value.length <= displayNameCharactersMax && !/\p{Cc}|\p{Cf}/u.test(value)
}

function isTier(value: Plain | undefined): boolean {
  return value === null || (typeof value === 'string' && tierName.test(value))
}
