import { formatOrderId, formatOrderTag, parseSkuId } from '../../protocol/ids.ts'
import type { RefundNews, StockEvent, StockSettings } from '../journal/stock-events.ts'
import { isOpenState, type JournaledOrder } from './journaled-order.ts'
import { WaitingLine } from './waiting-line.ts'

/** Money that comes for an order after its end comes soon; of one that many others have followed it is counted as unknown. */
const unpaidMax = 1_000

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
  /** Orders that ended without being paid: money may come for them all the same, and go back. */
  private readonly unpaid = new Map<number, Claim>()
  /** Who waits for the draw. */
  private readonly lobby = new Map<number, Pick<Claim, 'user' | 'qty'>>()
  private lastClaim = 0
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
        this.begin(event.claim, event, event.kind === 'queued')
        break
      case 'left':
      case 'expired':
      case 'absent':
        this.live.delete(event.claim)
        this.lobby.delete(event.claim)
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
      case 'refundEnded':
        if (event.isDone) this.refunded(event, now)
        break
      case 'lobbied':
        this.lastClaim = event.claim
        this.lobby.set(event.claim, event)
        break
      case 'seated':
        this.seated(event.claims)
        break
      case 'lobbyClosed':
      case 'counted':
      case 'rosterHashed':
      case 'beaconCame':
      case 'drawn':
      case 'seedRevealed':
      case 'edited':
      case 'phaseSet':
      case 'restocked':
      case 'forgotten':
      case 'delivered':
      case 'answered':
      case 'erased':
      case 'reserved':
      case 'spent':
      case 'reservationTold':
      case 'refundBegun':
      case 'refundTold':
        break
    }
  }

  /** Those without an end, oldest claim first. */
  *open(): Generator<JournaledOrder> {
    for (const { order } of this.live.values()) if (order !== undefined) yield order
  }

  private begin(number: number, { user, qty }: Pick<Claim, 'user' | 'qty'>, isWaiting: boolean): void {
    this.lastClaim = number
    this.live.set(number, { user, qty, isWaiting, order: undefined })
    if (isWaiting) this.line.add(number)
  }

  /** Each becomes the next ticket. */
  private seated(claims: readonly number[]): void {
    for (const claim of claims) {
      const there = this.lobby.get(claim)
      this.lobby.delete(claim)
      if (there === undefined) this.lastClaim++
      else this.begin(this.lastClaim + 1, there, true)
    }
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
    claim.order = { order, sku, user, qty, amountMinor, currency, state: 'pending', refundedMinor: 0, orderedAt: now, updatedAt: now }
  }

  private settled(number: number, state: JournaledOrder['state'], now: number): void {
    const claim = this.live.get(number) ?? this.unpaid.get(number)
    if (claim?.order === undefined) {
      this.unknown++
      return
    }
    const refundedMinor = state === 'refunded' ? claim.order.amountMinor : 0
    claim.order = { ...claim.order, state, refundedMinor, updatedAt: now }
    if (isOpenState(state)) {
      this.live.set(number, claim)
      return
    }
    this.live.delete(number)
    if (state !== 'paid') this.keepUnpaid(number, claim)
    this.onEnd(claim.order)
  }

  /** Of an order that ended before; the event says all that is left to say of it. */
  private refunded({ claim, orderTag, user, qty, orderMinor, refundedMinor }: RefundNews, now: number): void {
    const sku = parseSkuId(this.settings.sku)
    if (sku === undefined) return
    const { currency, incarnation } = this.settings
    const order = formatOrderId({ sku, incarnation: `${incarnation}${formatOrderTag(orderTag)}`, claim })
    const state = refundedMinor === orderMinor ? 'refunded' : 'paid'
    this.onEnd({ order, sku, user, qty, amountMinor: orderMinor, currency, state, refundedMinor, updatedAt: now })
  }

  private keepUnpaid(number: number, claim: Claim): void {
    this.unpaid.delete(number)
    this.unpaid.set(number, claim)
    for (const oldest of this.unpaid.keys()) {
      if (this.unpaid.size <= unpaidMax) return
      this.unpaid.delete(oldest)
    }
  }

  private each(count: number, run: (number: number, claim: Claim) => void): void {
    for (let i = 0; i < count; i++) {
      const number = this.line.shift()
      const claim = number === undefined ? undefined : this.live.get(number)
      if (number !== undefined && claim !== undefined) run(number, claim)
    }
  }
}
