import { formatOrderId, parseOrderId, parseSkuId } from '../../protocol/ids.ts'
import type { Complain } from './findings.ts'
import type { LiveBooks } from './live-books.ts'
import { liveStates, type Mark, type PastClaim, type SkuHistory } from './sku-history.ts'

/** What the provider's own books say of one order. */
export interface ProviderRow {
  readonly order: string
  /** What was taken, in all; 0 for a charge that was declined or never made. */
  readonly chargedMinor: number
  /** What went back. */
  readonly refundedMinor: number
}

/**
 * Paid once or refunded (G8), when nothing is under way any more: the provider has just the money of the orders that are paid, and none of any other
 * order. That an order ends once, and for its price, is for the journal's rules to see. `queueLost`: orders that were taken from the queue, or thrown away,
 * without an end.
 */
export function checkMoney(
  books: LiveBooks,
  rows: Iterable<ProviderRow>,
  complain: Complain,
  queueLost: ReadonlySet<string> = new Set(),
): void {
  const left = new Map<string, ProviderRow>()
  for (const row of rows) {
    if (left.has(row.order)) complain('G8', `${row.order} was charged under two keys`)
    left.set(row.order, row)
  }
  for (const history of books.allSkus()) {
    for (const mark of orderMarks(history)) {
      const order = orderIdOf(history, mark.past)
      const row = left.get(order) ?? { order, chargedMinor: 0, refundedMinor: 0 }
      left.delete(order)
      // A worker that knew of the payment since before the refund may be the one to tell the shard, whose store has forgotten that refund.
      if (mark.state === 'paid' && row.refundedMinor > 0 && everWas(books, order, 'refunding')) continue
      if (givesBack(mark, order, books)) checkRefunds(books, history, mark.past, row, complain)
      else checkOrder(mark, row, complain)
    }
    for (const { claim, amountMinor, state } of history.refunds.values())
      if (state === 'open') complain('G8', `${history.ledger.sku}: ${amountMinor} of order ${claim} are still on their way back`)
  }
  for (const { order, chargedMinor, refundedMinor } of left.values())
    if (chargedMinor !== refundedMinor && !isBeyondRepair(books, order, queueLost))
      complain('G8', `${order} is no order, and the provider has ${chargedMinor - refundedMinor} for it`)
}

/**
 * A store that loses an order leaves its money to the queue, by which a worker comes to hear that it never was. That cannot be where the queue has lost it
 * too, or where the payment had been settled before: everybody rightly thought that it was done.
 */
function isBeyondRepair(books: LiveBooks, order: string, queueLost: ReadonlySet<string>): boolean {
  return everWas(books, order, 'paid') || (queueLost.has(order) && everWas(books, order, 'pending'))
}

/** In the books that count, or in those with records that a store has lost. */
function everWas(books: LiveBooks, order: string, state: Mark['state']): boolean {
  const name = parseOrderId(order)
  if (name === undefined) return false
  return books.everOf(name.sku).some((history) => {
    const past = history.findOrder(name, Infinity)
    const mine = past === undefined ? [] : (history.marks.get(past.user) ?? [])
    return mine.some((mark) => mark.past === past && mark.state === state)
  })
}

function checkOrder({ state, past }: Mark, { order, chargedMinor, refundedMinor }: ProviderRow, complain: Complain): void {
  if (state !== 'away' && liveStates.has(state)) return complain('G8', `${order} is still ${state}`)
  const hasMinor = chargedMinor - refundedMinor
  if (state === 'paid' && (chargedMinor !== past.amountMinor || refundedMinor !== 0))
    complain('G8', `${order} is paid with ${past.amountMinor}, and the provider took ${chargedMinor} and gave back ${refundedMinor}`)
  if (state !== 'paid' && hasMinor !== 0) complain('G8', `${order} is ${state}, and the provider has ${hasMinor} of its ${chargedMinor}`)
  if (state === 'refunded' && chargedMinor === 0) complain('G8', `${order} is refunded, and was never charged`)
}

/** Operators have given something back of what was paid, also if a store has lost that. */
function givesBack({ state, past }: Mark, order: string, books: LiveBooks): boolean {
  const name = parseOrderId(order)
  if (name === undefined || (state !== 'paid' && state !== 'refunded')) return false
  return books
    .everOf(name.sku)
    .some((ever) => ever.findOrder(name, Infinity) !== undefined && [...ever.refunds.values()].some(({ claim }) => claim === past.claim))
}

/** What has gone back is the sum of the order's refunds. Of one whose beginning the store has lost only the provider knows. */
function checkRefunds(books: LiveBooks, history: SkuHistory, past: PastClaim, row: ProviderRow, complain: Complain): void {
  const { order, chargedMinor, refundedMinor } = row
  const name = parseOrderId(order)
  const leastMinor = givenBack(history, past.claim).reduce((sum, [, amountMinor]) => sum + amountMinor, 0)
  const ever = new Map(givenBack(history, past.claim))
  for (const lost of name === undefined ? [] : books.everOf(name.sku))
    if (name !== undefined && lost.findOrder(name, Infinity) !== undefined)
      for (const [key, amountMinor] of givenBack(lost, past.claim, true)) ever.set(key, amountMinor)
  const mostMinor = [...ever.values()].reduce((sum, amountMinor) => sum + amountMinor, 0)
  if (chargedMinor !== past.amountMinor || refundedMinor < leastMinor || refundedMinor > mostMinor)
    complain(
      'G8',
      `${order} was paid with ${past.amountMinor} less ${leastMinor}, and the provider took ${chargedMinor} and gave back ${refundedMinor}`,
    )
}

/** Amounts by refund; with `begun` those too that were on their way when the books end. */
function givenBack({ refunds }: SkuHistory, claim: number, begun = false): [string, number][] {
  return [...refunds]
    .filter(([, refund]) => refund.claim === claim && (refund.state === 'done' || (begun && refund.state === 'open')))
    .map(([key, { amountMinor }]) => [key, amountMinor])
}

/** The last state of every claim that ever was an order. */
function orderMarks({ marks }: SkuHistory): Mark[] {
  const last = new Map<number, Mark>()
  const ordered = new Set<number>()
  for (const mine of marks.values()) {
    for (const mark of mine) {
      if (mark.state === 'away') continue
      last.set(mark.past.claim, mark)
      if (mark.state === 'pending') ordered.add(mark.past.claim)
    }
  }
  return [...last.values()].filter(({ past }) => ordered.has(past.claim))
}

function orderIdOf(history: SkuHistory, past: PastClaim): string {
  const sku = parseSkuId(history.ledger.sku)
  return sku === undefined ? '' : formatOrderId({ sku, incarnation: history.orderIncarnation(past), claim: past.claim })
}
