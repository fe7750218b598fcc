import type { Code } from '../../protocol/codes.ts'
import { op } from '../../protocol/entry.ts'
import { unpackInner } from '../../protocol/inner-codec.ts'
import type { AskedCommand } from './asked-commands.ts'
import type { SkuHistory, Span } from './sku-history.ts'

/** Whether the code was a right answer at some time of the span. `BUSY` promises nothing and needs no reason; `history` is undefined for a SKU not known yet. */
export function explainsRefusal(history: SkuHistory | undefined, asked: AskedCommand, code: Code, span: Span): boolean {
  if (code === 'BUSY') return true
  if (history === undefined || span.from < history.begunAt) {
    if (code === 'UNKNOWN_SKU' || (code === 'UNKNOWN_ORDER' && asked.op === op.orderGet)) return true
    if (history === undefined) return false
  }
  switch (code) {
    case 'SOLD_OUT':
      return history.isOnceIn(span, ({ available, held, ordered }) => available + held + ordered < asked.qty)
    case 'LIMIT_REACHED':
      return history.boughtBy(asked.user, span.to) + asked.qty > history.ledger.settings.perUserMax
    case 'LINE_FULL':
      return history.isOnceIn(span, ({ waiting }) => waiting >= history.ledger.settings.lineMax)
    case 'NOT_OPEN':
      return history.isOnceIn(span, ({ phase }) => phase === 'scheduled')
    case 'PAUSED':
      return history.isOnceIn(span, ({ phase }) => phase === 'paused')
    case 'CLOSED':
      return history.isOnceIn(span, ({ phase }) => phase === 'closed')
    case 'HOLD_EXPIRED':
      return history.spansOf(asked.user, span).some(({ mark }) => mark?.state === 'expired')
    case 'NO_HOLD':
      // A copy of a checkout whose order has made way for another hold.
      if (history.answered.has(asked.answeredAs)) return true
      return history.spansOf(asked.user, span).some(({ mark }) => mark === undefined || holdless.has(mark.state))
    case 'UNKNOWN_ORDER':
      return isUnknownOrder(history, asked, span)
    case 'FORBIDDEN':
      // Other settings under a name that exists.
      return asked.op === op.configure
    default:
      return false
  }
}

/** Neither a hold nor an order, and not a hold that ended. */
const holdless: ReadonlySet<string> = new Set(['queued', 'left', 'soldout', 'away'])

/** Only what its user claimed last, and what is or was an order, is known as one. */
function isUnknownOrder(history: SkuHistory, { op: asks, user, payload }: AskedCommand, span: Span): boolean {
  const { incarnation, claim } = unpackInner<{ readonly incarnation: string; readonly claim: number }>(payload)
  const owner = asks === op.settle ? history.claims.get(claim)?.user : user
  if (owner === undefined || incarnation !== history.ledger.settings.incarnation) return true
  return history
    .spansOf(owner, span)
    .some(({ mark }) => mark === undefined || mark.past.claim !== claim || holdless.has(mark.state) || isBeforeOrder(mark.state))
}

function isBeforeOrder(state: string): boolean {
  return state === 'expired' || state === 'held'
}
