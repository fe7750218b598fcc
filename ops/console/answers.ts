import type { DeadOrder } from '../../actors/payment/dead-source.ts'
import type { AuditPage } from '../../protocol/audit.ts'
import type { Ban } from '../../protocol/ban.ts'
import type { NodeReport } from '../../protocol/node-report.ts'
import type { FoundOrder, HistoryEntry, Order, OwnedClaim, SaleUpdated } from '../../protocol/results.ts'
import type { SaleFile, SkuSettings } from '../../protocol/sku-settings.ts'
import type { SkuJourney, UserJourney } from '../journey/user-journey.ts'
import type { Board } from './board.ts'

// What the console's server answers to its page: types only, for both sides.

/** By the name of the question, GET or POST. */
export interface Answers {
  readonly session: { readonly token: string | null }
  readonly login: { readonly token: string }
  readonly logout: unknown
  readonly live: { readonly board: Board; readonly endsInMs: number }
  readonly sale: { readonly settings: readonly SkuSettings[] }
  readonly journey: { readonly journey: ToldJourney }
  /** Null where this process does not have the role `orders`. */
  readonly 'dead-orders': { readonly orders: readonly DeadOrder[] | null }
  readonly 'retry-dead': { readonly retried: readonly string[] }
  readonly 'check-sale': CheckedFile
}

/** Results of the methods that the page calls. */
export interface Results {
  readonly 'sale.create': unknown
  readonly 'sale.open': unknown
  readonly 'sale.pause': unknown
  readonly 'sale.resume': unknown
  readonly 'sale.close': unknown
  readonly 'sale.update': SaleUpdated
  readonly 'sku.restock': unknown
  readonly 'cluster.status': ClusterStatus
  readonly 'cluster.drain': unknown
  readonly 'limits.get': { readonly limits: readonly Limit[] }
  readonly 'limits.set': unknown
  readonly 'audit.list': AuditPage
  readonly 'ban.list': { readonly total: number; readonly bans: readonly Ban[] }
  readonly 'ban.add': unknown
  readonly 'ban.remove': unknown
  readonly 'user.get': KnownUser
  readonly 'user.history': { readonly entries: readonly HistoryEntry[] }
  readonly resume: { readonly claims: readonly OwnedClaim[] }
  readonly 'order.list': readonly Order[]
  readonly 'order.find': FoundOrder & { readonly told: Order | null }
  readonly 'order.refund': unknown
  readonly 'order.cancel': unknown
}

export type CheckedFile =
  | { readonly kind: 'problems'; readonly problems: readonly string[] }
  | { readonly kind: 'sale'; readonly sale: SaleFile; readonly settings: readonly SkuSettings[] }

export interface ClusterStatus {
  readonly nodes: readonly NodeReport[]
  readonly unowned: readonly string[]
}

/** `set` is null where what the gateway was started with counts. */
export interface Limit {
  readonly name: string
  readonly value: number
  readonly configured: number
  readonly set: number | null
  readonly unit: string
  readonly allowed: string
}

/** A user as operators see them. */
export interface KnownUser {
  readonly user: string
  readonly displayName: string | null
  readonly tier: string | null
  readonly attachedTo: readonly string[]
  readonly firstSeenAt: number | null
  readonly lastSeenAt: number | null
}

/** A journey with the words that the command line has for it. */
export type ToldJourney = Omit<UserJourney, 'skus'> & { readonly skus: readonly ToldSku[] }
export type ToldSku = SkuJourney & { readonly outcomeText: string; readonly stepTexts: readonly string[] }
