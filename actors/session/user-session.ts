import { comparePositions, journalStart, type Position } from '../../cluster/store.ts'
import type { HistoryEntry, Order, OrderState, UserInfo } from '../../protocol/results.ts'
import type { SessionEvent } from './session-events.ts'
import { type SavedReservations, UserReservations } from './user-reservations.ts'

/** Gateways that a user is attached to at a time; one more drops the oldest. */
export const attachedMax = 8
/** Orders that a user's history keeps; one more drops the oldest. */
export const ordersMax = 100
/** Visits that a user's history keeps; one more drops the oldest. */
export const visitsMax = 100
/** Whoever connects so long after having last come or gone visits anew. */
export const visitGapMs = 30 * 60_000
/** For so long orders and visits are remembered. */
export const historyMs = 30 * 24 * 3_600_000

export interface Attachment {
  readonly gateway: string
  readonly since: number
}

/** How far an order has come: of two states of the same time the later one. */
const orderRank: Readonly<Record<OrderState, number>> = {
  pending: 0,
  overdue: 1,
  refunding: 2,
  paid: 3,
  declined: 3,
  cancelled: 3,
  unrefunded: 4,
  refunded: 5,
}

const noInfo: UserInfo = { displayName: null, tier: null }

/** One user: where they are attached, what they ordered and when they came. Written by {@link UserSession.apply} alone, live and in replay. */
export class UserSession {
  readonly user: string
  /** The last record whose events are in here. */
  included: Position = journalStart
  /** 0 for a user of whom nothing is known. */
  firstSeenAt = 0
  lastSeenAt = 0
  /** Oldest first. */
  gateways: Attachment[] = []
  /** Latest first. */
  orders: Order[] = []
  /** When each began, latest first. */
  visits: number[] = []
  info: UserInfo = noInfo
  /** What counts against the limits of sales. */
  reservations = new UserReservations()

  constructor(user: string) {
    this.user = user
  }

  get isKnown(): boolean {
    return this.firstSeenAt > 0
  }

  isAttached(gateway: string): boolean {
    return this.gateways.some((attachment) => attachment.gateway === gateway)
  }

  /**
   * Whether news of this order are newer than what is known of it. They come late, and twice; and a state that a store has lost gives way to the one that the
   * order took instead, whichever that is.
   */
  isNews(order: Order): boolean {
    const known = this.orders.find((one) => one.order === order.order)
    if (known === undefined) return true
    if (known.state === order.state) return (order.refundedMinor ?? 0) > (known.refundedMinor ?? 0)
    return order.updatedAt > known.updatedAt || (order.updatedAt === known.updatedAt && orderRank[order.state] > orderRank[known.state])
  }

  apply(event: SessionEvent, now: number): void {
    if (event.kind === 'erased') return this.erase(event.kept, event.position)
    if (comparePositions(event.position, this.included) > 0) this.included = event.position
    if (this.firstSeenAt === 0) this.firstSeenAt = now
    switch (event.kind) {
      case 'attached':
        this.visit(now)
        this.lastSeenAt = now
        this.gateways = [...this.without(event.gateway), { gateway: event.gateway, since: now }].slice(-attachedMax)
        return
      case 'detached':
        this.lastSeenAt = now
        this.gateways = this.without(event.gateway)
        return
      case 'ordered':
        this.remember(event.order, now)
        return
      case 'profiled':
        this.info = event.info
        return
      case 'reserved':
        this.reservations.reserve(event.reserved)
        return
      case 'reported':
        this.reservations.report(event.report)
    }
  }

  /** Nothing is known of the user any more but what still counts against the limits of sales. */
  erase(kept: SavedReservations, position: Position): void {
    this.included = position
    this.firstSeenAt = 0
    this.lastSeenAt = 0
    this.gateways = []
    this.orders = []
    this.visits = []
    this.info = noInfo
    this.reservations = new UserReservations()
    this.reservations.restore(kept)
  }

  /** Everything that is remembered, latest first. */
  history(now: number): HistoryEntry[] {
    const orders = this.orders.map((order): HistoryEntry => ({ kind: 'order', at: order.updatedAt, ...order }))
    const visits = this.visits.map((at): HistoryEntry => ({ kind: 'visit', at }))
    return [...orders, ...visits].filter(({ at }) => isRemembered(at, now)).toSorted((a, b) => b.at - a.at)
  }

  /** A page that is reloaded, a phone that loses its network, a second device: all of it is one visit. */
  private visit(now: number): void {
    const isNew = this.visits.length === 0 || now - this.lastSeenAt > visitGapMs
    if (isNew) this.visits = [now, ...this.visits.filter((at) => isRemembered(at, now))].slice(0, visitsMax)
  }

  private without(gateway: string): Attachment[] {
    return this.gateways.filter((attachment) => attachment.gateway !== gateway)
  }

  private remember(order: Order, now: number): void {
    const others = this.orders.filter((one) => one.order !== order.order && isRemembered(one.updatedAt, now))
    const at = others.findIndex((one) => one.updatedAt <= order.updatedAt)
    others.splice(at === -1 ? others.length : at, 0, order)
    this.orders = others.slice(0, ordersMax)
  }
}

export function isRemembered(at: number, now: number): boolean {
  return now - at < historyMs
}
