import { createHash } from 'node:crypto'
import { hashText } from '../../protocol/hash.ts'

/** What stands for a user who was erased, as docs/users.md describes it, with code of its own. */
export function pseudonymOf(user: string): string {
  return `erased-${hashText(user).toString(16).padStart(8, '0')}${createHash('sha256').update(user).digest('hex').slice(0, 24)}`
}
