import { parseOrderId } from '../../protocol/ids.ts'
import type { ClaimState, Hold, OrderClaim } from '../../protocol/results.ts'
import { liveStates, type Mark, type MarkedSpan, type PastClaim, type SkuHistory, type Span } from './sku-history.ts'

/** Whether this was all that the user had of the SKU at some time of the span. */
export function explainsClaim(history: SkuHistory, user: string, said: ClaimState, span: Span): boolean {
  return history.spansOf(user, span).some((part) => isAsSaid(history, part, said))
}

/** Whether the user had nothing that could be left, or had just left it. */
export function explainsLeft(history: SkuHistory, user: string, span: Span): boolean {
  return history.spansOf(user, span).some(({ mark }) => mark === undefined || mark.state === 'away' || !liveStates.has(mark.state))
}

/** Whether the user's claim was one that had been left. */
export function wasLeft(history: SkuHistory, user: string, span: Span): boolean {
  return history.spansOf(user, span).some(({ mark }) => mark?.state === 'left')
}

/** Whether the user's order was in the state that is said of it, whatever came after it. */
export function explainsOrder(history: SkuHistory, user: string, said: OrderClaim, span: Span): boolean {
  return history.spansOf(user, span).some(({ mark }) => mark !== undefined && isOrderAsSaid(history, mark, said))
}

function isAsSaid(history: SkuHistory, part: MarkedSpan, said: ClaimState): boolean {
  const { mark } = part
  if (mark === undefined || mark.state === 'left' || mark.state === 'away') return said.state === 'none'
  switch (said.state) {
    case 'none':
      return false
    case 'lobby':
      return mark.state === 'lobby'
    case 'expired':
      return mark.state === (said.reason ?? said.state)
    case 'soldout':
      return mark.state === said.state
    case 'queued':
      return mark.state === 'queued' && mark.past.claim === said.ticket && history.hadAhead(mark.past, said.ahead, part)
    case 'held':
      return (
        mark.state === 'held' &&
        isSameHold(mark.past, said) &&
        endsAsSaid(history, mark, said.expiresAt, part) &&
        costsAsSaid(history, mark.past, said, part)
      )
    default:
      return isOrderAsSaid(history, mark, said)
  }
}

function isSameHold(past: PastClaim, said: { readonly hold: number; readonly qty: number }): boolean {
  return past.claim === said.hold && past.qty === said.qty
}

/** A hold costs what it did when it was held, and that is said where the SKU has another price. */
function costsAsSaid(history: SkuHistory, past: PastClaim, said: Pick<Hold, 'priceMinor'>, span: Span): boolean {
  return history.isOnceIn(span, ({ priceMinor }) => (said.priceMinor ?? priceMinor) === past.priceMinor)
}

/** While the sale is paused a hold's end moves along with the time, which the books do not know. */
function endsAsSaid(history: SkuHistory, { until }: Mark, expiresAt: number, span: Span): boolean {
  return history.isOnceIn(span, ({ phase, holdShiftMs }) => {
    const earliest = until + holdShiftMs
    return phase === 'paused' ? expiresAt >= earliest : expiresAt === earliest
  })
}

function isOrderAsSaid(history: SkuHistory, { state, past }: Mark, said: OrderClaim): boolean {
  const order = parseOrderId(said.order)
  if (order === undefined || order.sku !== history.ledger.sku || order.claim !== past.claim) return false
  if (order.incarnation !== history.orderIncarnation(past)) return false
  return state === said.state && past.qty === said.qty && past.amountMinor === said.amountMinor
}
