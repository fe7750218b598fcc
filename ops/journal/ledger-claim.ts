export type ClaimEnd = 'expired' | 'absent' | 'soldout' | 'left' | 'paid' | 'declined' | 'cancelled' | 'refunded' | 'unrefunded'
/** `seated`: from the lobby to a ticket, which is a claim of its own. */
export type LedgerState = 'lobby' | 'seated' | 'queued' | 'held' | 'pending' | 'overdue' | 'refunding' | ClaimEnd

/** What became of one claim. */
export interface LedgerClaim {
  readonly sku: string
  readonly user: string
  readonly claim: number
  readonly qty: number
  readonly state: LedgerState
}

/** A claim as the books have it. */
export interface Claim {
  readonly user: string
  readonly claim: number
  readonly qty: number
  state: LedgerState
  /** When a hold or a payment ends, without what pauses and times without an owner have added: see StockLedger.deadlineOf. */
  until: number
  /** When a ticket began, without what pauses and times without an owner have added until then. */
  since: number
  /** What each unit cost when it was held: what its order has to cost. */
  priceMinor: number
  /** Of the order that it became: what stands in its id behind the incarnation. */
  orderTag: string
  /** What was paid for it, what is on its way back or has gone, and what has gone. */
  paidMinor: number
  askedMinor: number
  refundedMinor: number
}

export type BookedClaim = Readonly<Claim>

/** What a claim begins with that has not become an order. */
export const noOrder = { priceMinor: 0, orderTag: '', paidMinor: 0, askedMinor: 0, refundedMinor: 0 }
