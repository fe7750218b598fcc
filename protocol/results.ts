import type { SkuPhase } from './broadcast.ts'
import type { OrderId, ProductId, SaleId, SkuId } from './ids.ts'

/** The results of the user methods, as clients see them on every transport. Times are ms since 1970, money is minor units. */

export type Odds = 'likely' | 'unlikely' | 'none'
/** `[p50, p90]` in seconds until this place is served, or nil when nothing has been served yet. */
export type Eta = readonly [number, number] | null

/** What a user has, or last had, of one SKU. */
export type ClaimState =
  | { readonly state: 'none' }
  | { readonly state: 'lobby'; readonly opensAt: number }
  | { readonly state: 'queued'; readonly ticket: number; readonly ahead: number; readonly eta: Eta; readonly odds: Odds }
  | ({ readonly state: 'held' } & Hold)
  | Expired
  | { readonly state: 'soldout' }
  | OrderClaim

export interface Hold {
  readonly hold: number
  readonly qty: number
  readonly expiresAt: number
  /** What each unit costs, where the SKU's price was changed since: a hold keeps the price that it was promised. */
  readonly priceMinor?: number
}

/** A hold came to its deadline; or, `absent`, a place in line was given up because its user was away for longer than the sale allows. */
export interface Expired {
  readonly state: 'expired'
  readonly reason?: 'absent'
}

/** The claim is an order: `pending` until the payment's outcome is known. */
export interface OrderClaim {
  readonly state: OrderState
  readonly order: OrderId
  readonly qty: number
  readonly amountMinor: number
  readonly currency: string
  /** What has been given back of it, if anything. */
  readonly refundedMinor?: number
}

/**
 * `overdue`: not settled in time, the units went on, the outcome is still asked for. `refunding`: given up or paid too late, what was taken is on its way back; it
 * ends as `refunded`, as `cancelled` if nothing was taken, or as `unrefunded` if the payment provider does not give it back.
 */
export type OrderState = 'pending' | 'paid' | 'declined' | 'cancelled' | 'overdue' | 'refunding' | 'refunded' | 'unrefunded'

/** `refused`: the payment provider does not give it back. */
export type RefundState = 'open' | 'done' | 'refused'

/** One refund of an order that was paid: the whole, or a part. */
export interface RefundInfo {
  /** Its key, under which the payment provider knows it. */
  readonly refund: string
  readonly amountMinor: number
  readonly state: RefundState
  readonly updatedAt: number
}

/** An order as operators see it. */
export interface FoundOrder extends OrderClaim {
  readonly sku: SkuId
  readonly user: string
  readonly refunds: readonly RefundInfo[]
}

/** What has become of one refund, and of its order. */
export interface RefundedOrder extends FoundOrder {
  readonly refund: RefundInfo
}

export interface Order extends OrderClaim {
  readonly sku: SkuId
  readonly updatedAt: number
}

/** What the shop calls a user and how it ranks them: nothing personal, and both null for a user of whom it has said nothing. */
export interface UserInfo {
  readonly displayName: string | null
  readonly tier: string | null
}

export interface NamedUser extends UserInfo {
  readonly user: string
}

/** Of a user who was erased. */
export interface ErasedUser {
  /** Stands in their place in orders and journals. */
  readonly pseudonym: string
  /** A device of theirs is connected, and what it does from now on is remembered anew. */
  readonly connected: boolean
}

/** Something that a user did: came by, after an absence, or ordered; an order is as old as its latest state. */
export type HistoryEntry = { readonly kind: 'visit'; readonly at: number } | ({ readonly kind: 'order'; readonly at: number } & Order)

/** A page of what is remembered of a user, latest first. */
export interface UserHistory {
  readonly entries: readonly HistoryEntry[]
  /** Asks for the entries behind these; null if there are none. */
  readonly next: string | null
}

/** A claim with its SKU, as `resume` lists them. */
export type OwnedClaim = ClaimState & { readonly sku: SkuId }

export interface SkuStatus {
  readonly sku: SkuId
  readonly available: number
  readonly held: number
  readonly ordered: number
  readonly sold: number
  readonly waiting: number
  readonly state: SkuPhase
}

/** `lobby` until the opening; `counting` the roster; waiting for the `beacon`; `seating` in the drawn order; `done`. */
export type DrawStage = 'lobby' | 'counting' | 'beacon' | 'seating' | 'done'

/** What everyone may know of a draw (docs/draw.md). Bytes are hex; what is not known yet is null. */
export type DrawInfo = {
  readonly stage: DrawStage
  readonly commitment: string
  /** In the lobby, and once it is closed in the roster. */
  readonly people: number
  readonly beacon: { readonly source: string; readonly round: number } | null
  readonly rosterHash: string | null
  readonly beaconValue: string | null
}

export interface SkuInfo extends SkuStatus {
  readonly sale: SaleId
  /** What of the catalogue is sold under this SKU. */
  readonly product: ProductId
  readonly title: string
  readonly description: string
  readonly image: string
  readonly priceMinor: number
  readonly currency: string
  readonly opensAt: number
  /** When it is closed by itself, if it is. */
  readonly closesAt?: number
  readonly perUserMax: number
  /** For so long a place in line survives without a connection of its user; 0 is for ever. */
  readonly absenceMs: number
  /** Of a SKU with a draw. */
  readonly draw?: DrawInfo
}

export type SettingValue = string | number | boolean | null

/** What a change makes, or would make, of one setting of one SKU. `effect` says in words whom it concerns, and who keeps what they have. */
export interface SettingChange {
  readonly sku: SkuId
  readonly setting: string
  readonly before: SettingValue
  readonly after: SettingValue
  readonly effect: string
}

/** What `sale.update` did, or with `preview` would do. What was so already is no change. */
export interface SaleUpdated {
  readonly sale: SaleId
  readonly preview: boolean
  readonly changes: readonly SettingChange[]
}

export interface SaleInfo {
  readonly sale: SaleId
  readonly title: string
  readonly opensAt: number
  /** `over`: closed, or every unit sold. */
  readonly state: 'scheduled' | 'open' | 'paused' | 'over'
  readonly skus: readonly SkuInfo[]
}

/** Where a product stands with one of the SKUs under which it is sold; `soldout` once nothing is left that could come free. A closed sale offers nothing. */
export type OfferState = 'open' | 'scheduled' | 'paused' | 'soldout'

/** One SKU under which a product is sold. Price and state are the sale's. */
export interface Offer {
  readonly sku: SkuId
  readonly sale: SaleId
  readonly saleTitle: string
  readonly title: string
  readonly opensAt: number
  readonly state: OfferState
  readonly available: number
  readonly priceMinor: number
  readonly currency: string
}

/** The state of the offer that is nearest to being bought, in the order above; `none` if the product is in no sale. */
export type ProductState = OfferState | 'none'

/** A product as a list shows it. `priceMinor` is what it costs now: by that offer, or else its usual price. */
export interface ProductSummary {
  readonly product: ProductId
  readonly title: string
  /** The first of its pictures, or empty. */
  readonly picture: string
  readonly categories: readonly string[]
  readonly priceMinor: number
  readonly currency: string
  /** What it costs outside of sales; null where the catalogue does not have the product, or has it in another currency. */
  readonly usualPriceMinor: number | null
  readonly state: ProductState
  readonly offers: readonly Offer[]
}

export interface ProductInfo extends ProductSummary {
  readonly description: string
  readonly pictures: readonly string[]
}

/** Notifications to a user's connections: the method is the event's name, the one param this object. */
export interface Events {
  /** With the ticket's number: who was away may know of an older one only. */
  readonly line: { readonly sku: SkuId; readonly ticket: number; readonly ahead: number; readonly eta: Eta; readonly odds: Odds }
  readonly held: Hold & { readonly sku: SkuId }
  readonly expired: { readonly sku: SkuId; readonly reason?: 'absent' }
  readonly order: Order
  readonly sku: SkuStatus
  readonly sale: SaleInfo
  readonly soldout: { readonly sku: SkuId }
  /** The user gave the place or the hold up on another device. */
  readonly left: { readonly sku: SkuId }
  /** The server is about to close this connection; reconnect after a jittered part of `withinMs`. */
  readonly drain: { readonly withinMs: number }
}

export type EventName = keyof Events
