import { op } from '../../protocol/entry.ts'
import { unpackInner } from '../../protocol/inner-codec.ts'
import type { AskedCommand } from './asked-commands.ts'
import type { ShardBooks } from './shard-books.ts'
import { liveStates, type Span } from './sku-history.ts'

/** What is wrong with the word that a user was, or could be, put a pseudonym for; undefined if nothing is. */
export function erasedProblem(books: ShardBooks, { shard, user, payload }: AskedCommand, span: Span): string | undefined {
  const { check } = unpackInner<{ readonly check: boolean }>(payload)
  if (shard.startsWith('ses.')) {
    const isDurable = check || books.sessions.erasures.some((one) => one.user === user && one.step <= span.to)
    return isDurable ? undefined : 'is said to be erased, and that is not durable'
  }
  for (const history of books.allSkus) {
    const hadNothingLive = history
      .spansOf(user, span)
      .some(({ mark }) => mark === undefined || mark.state === 'away' || !liveStates.has(mark.state))
    if (!hadNothingLive) return `was erased with a claim of ${history.ledger.sku} that had not ended`
  }
  return undefined
}

/** Whether the user had anything at all that may have been under way. */
export function explainsActive(books: ShardBooks, { op: asks, shard, user }: AskedCommand, span: Span): boolean {
  if (asks !== op.userErase) return false
  if (shard.startsWith('ses.')) return books.sessions.reservations.steps.some((one) => one.user === user && one.step <= span.to)
  for (const history of books.allSkus)
    if ((history.marks.get(user)?.[0]?.step ?? Infinity) <= span.to || history.reservations.some((one) => one.user === user)) return true
  return false
}
