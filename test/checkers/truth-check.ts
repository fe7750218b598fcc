import { parseOrderId } from '../../protocol/ids.ts'
import type { ClaimState, OrderClaim } from '../../protocol/results.ts'
import type { Complain } from './findings.ts'
import type { LiveBooks } from './live-books.ts'
import { explainsClaim } from './said-claim.ts'

/**
 * Whatever a user is told, unasked or in answer, was durable truth at some time before (G3): gateways count places and put lists together by
 * themselves, and what shards say comes through them.
 */
export class TruthCheck {
  checked = 0
  private readonly books: LiveBooks
  private readonly complain: Complain

  constructor(books: LiveBooks, complain: Complain) {
    this.books = books
    this.complain = complain
  }

  /** Word of what was given back of an order. */
  refunded(user: string, sku: string, said: OrderClaim): void {
    this.checked++
    const claim = parseOrderId(said.order)?.claim
    for (const { history } of this.books.explainingSku(sku)) {
      const given = [...history.refunds.values()].filter((refund) => refund.claim === claim && refund.state === 'done')
      if (history.claims.get(claim ?? 0)?.user === user && given.length > 0) return
    }
    this.complain('G3', `${user} was told ${JSON.stringify(said)} of ${sku}, of which nothing was given back`)
  }

  told(user: string, sku: string, said: ClaimState): void {
    this.checked++
    for (const { books, history } of this.books.explainingSku(sku))
      if (explainsClaim(history, user, said, { from: 0, to: books.step })) return
    // Its store may have lost the SKU itself, and then nobody has anything of it.
    if (said.state === 'none' && this.books.sku(sku) === undefined) return
    this.complain('G3', `${user} was told ${JSON.stringify(said)} of ${sku}, which has never been so`)
  }
}
