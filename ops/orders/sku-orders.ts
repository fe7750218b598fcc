import { formatOrderId, parseSkuId } from '../../protocol/ids.ts'
import type { StockEvent, StockSettings } from '../journal/stock-events.ts'
import { isOpenState, type JournaledOrder } from './journaled-order.ts'
import { WaitingLine } from './waiting-line.ts'

interface Claim {
  readonly user: string
  readonly qty: number
  isWaiting: boolean
  order: JournaledOrder | undefined
}

type ClaimEvent = Exclude<StockEvent, { readonly kind: 'configured' | 'resumedBy' }>

/** Follows one SKU's claims as far as its orders depend on them, and keeps those only that have not come to their end. */
export class SkuOrders {
  /** Orders whose beginning the journal no longer has. */
  unknown = 0
  private readonly settings: StockSettings
  private readonly onEnd: (order: JournaledOrder) => void
  private readonly live = new Map<number, Claim>()
  private readonly line = new WaitingLine((claim) => this.live.get(claim)?.isWaiting === true)

  constructor(settings: StockSettings, onEnd: (order: JournaledOrder) => void) {
    this.settings = settings
    this.onEnd = onEnd
  }

  /** `orderTag` stands behind the incarnation in the ids of orders. */
  take(event: ClaimEvent, now: number, orderTag: string): void {
    switch (event.kind) {
      case 'held':
      case 'queued':
        this.live.set(event.claim, { user: event.user, qty: event.qty, isWaiting: event.kind === 'queued', order: undefined })
        if (event.kind === 'queued') this.line.add(event.claim)
        break
      case 'left':
      case 'expired':
        this.live.delete(event.claim)
        break
      case 'granted':
        this.each(event.count, (_, claim) => (claim.isWaiting = false))
        break
      case 'lineSoldOut':
        this.each(event.count, (number) => this.live.delete(number))
        break
      case 'ordered':
        this.ordered(event.claim, event.amountMinor, now, orderTag)
        break
      case 'settled':
        this.settled(event.claim, event.outcome, now)
        break
      case 'phaseSet':
      case 'restocked':
      case 'forgotten':
      case 'delivered':
      case 'answered':
      case 'reserved':
      case 'spent':
      case 'reservationTold':
      case 'refundBegun':
      case 'refundEnded':
      case 'refundTold':
        break
    }
  }

  /** Those without an end, oldest claim first. */
  *open(): Generator<JournaledOrder> {
    for (const { order } of this.live.values()) if (order !== undefined) yield order
  }

  private ordered(number: number, amountMinor: number, now: number, orderTag: string): void {
    const claim = this.live.get(number)
    const sku = parseSkuId(this.settings.sku)
    if (claim === undefined || sku === undefined) {
      this.unknown++
      return
    }
    const order = formatOrderId({ sku, incarnation: `${this.settings.incarnation}${orderTag}`, claim: number })
    const { user, qty } = claim
    const { currency } = this.settings
    claim.order = { order, sku, user, qty, amountMinor, currency, state: 'pending', orderedAt: now, updatedAt: now }
  }

  private settled(number: number, state: JournaledOrder['state'], now: number): void {
    const claim = this.live.get(number)
    if (claim?.order === undefined) {
      this.unknown++
      return
    }
    const order = { ...claim.order, state, updatedAt: now }
    if (isOpenState(state)) {
      claim.order = order
      return
    }
    this.live.delete(number)
    this.onEnd(order)
  }

  private each(count: number, run: (number: number, claim: Claim) => void): void {
    for (let i = 0; i < count; i++) {
      const number = this.line.shift()
      const claim = number === undefined ? undefined : this.live.get(number)
      if (number !== undefined && claim !== undefined) run(number, claim)
    }
  }
}
