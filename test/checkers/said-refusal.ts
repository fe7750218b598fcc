import type { Code } from '../../protocol/codes.ts'
import { op } from '../../protocol/entry.ts'
import { unpackInner } from '../../protocol/inner-codec.ts'
import type { AskedCommand } from './asked-commands.ts'
import type { OrderName, SkuHistory, Span } from './sku-history.ts'

/** Whether the code was a right answer at some time of the span. `BUSY` promises nothing and needs no reason; `history` is undefined for a SKU not known yet. */
export function explainsRefusal(history: SkuHistory | undefined, asked: AskedCommand, code: Code, span: Span): boolean {
  if (code === 'BUSY') return true
  if (history === undefined || span.from < history.begunAt) {
    if (code === 'UNKNOWN_SKU' || (code === 'UNKNOWN_ORDER' && ofOneOrder.has(asked.op))) return true
    if (history === undefined) return false
  }
  switch (code) {
    case 'SOLD_OUT':
      return history.isOnceIn(span, ({ available, held, ordered }) => available + held + ordered < asked.qty)
    case 'LIMIT_REACHED': {
      if (asked.isBeyondLimit()) return true
      const least = history.boughtBy(asked.user, span.to) - history.freedBy(asked.user, span.from) + asked.qty
      return history.isOnceIn(span, ({ perUserMax }) => least > perUserMax)
    }
    case 'LINE_FULL':
      return history.isOnceIn(span, ({ waiting, early, lineMax }) => waiting + early >= lineMax)
    case 'NOT_OPEN':
      if (asked.op === op.drawBeacon) return (history.rosterFixedAt ?? Infinity) > span.from
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
      if (asked.op === op.drawBeacon) return isOtherBeacon(history, asked.payload)
      // Other settings under a name that exists.
      return asked.op === op.configure || asked.op === op.edit
    case 'NOT_REFUNDABLE':
      return asked.op === op.orderRefund
    default:
      return false
  }
}

const ofOneOrder: ReadonlySet<number> = new Set([op.orderGet, op.orderCancel, op.orderFind, op.orderRefund])

/** The draw has gone on, with another value than this or without one. */
function isOtherBeacon({ beaconValue }: SkuHistory, payload: Uint8Array): boolean {
  return beaconValue !== undefined && beaconValue !== unpackInner<{ readonly value: string }>(payload).value
}

/** Neither a hold nor an order, and not a hold that ended. */
const holdless: ReadonlySet<string> = new Set(['lobby', 'queued', 'left', 'soldout', 'away'])

/** Users know only what they claimed last as their order. Of a claim that has made way for another one a payment is told nothing if it was that order, or ended long ago. */
function isUnknownOrder(history: SkuHistory, { op: asks, user, payload }: AskedCommand, span: Span): boolean {
  const { refund, ...name } = unpackInner<OrderName & { readonly refund?: string }>(payload)
  if (asks === op.settle && refund !== undefined) return !isRefundOf(history, name.claim, refund, span)
  const past = history.claims.get(name.claim)
  // Operators know every order that is somebody's last, or was paid.
  if (asks === op.orderFind || asks === op.orderRefund) {
    if (past === undefined || history.findOrder(name, span.from) === undefined) return true
    const mine = history.marks.get(past.user) ?? []
    const wasPaid = mine.some((mark) => mark.past === past && mark.state === 'paid' && mark.step <= span.from)
    return !wasPaid && history.spansOf(past.user, span).some(({ mark }) => mark?.past !== past || mark.state === 'away')
  }
  if (asks === op.settle) {
    const mayHaveBeen = past !== undefined && (past.awayAt <= span.to || history.findOrder(name, span.to) !== undefined)
    return mayHaveBeen && history.spansOf(past.user, span).some(({ mark }) => mark?.past !== past || mark.state === 'away')
  }
  if (past?.user !== user || history.findOrder(name, span.from) === undefined) return true
  return history.spansOf(user, span).some(({ mark }) => mark?.past !== past || mark.state === 'away')
}

/** Whether the refund with this key had begun before the span: a store may have lost it again. */
function isRefundOf(history: SkuHistory, claim: number, key: string, { from }: Span): boolean {
  const request = /\/refund\/(\w+)-(\w+)$/.exec(key)?.slice(1) ?? []
  const found = history.refunds.get(`${claim} ${request.map((half) => Number.parseInt(half, 36)).join('.')}`)
  return found !== undefined && found.begunAt <= from
}
