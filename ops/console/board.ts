import type { SkuPhase } from '../../protocol/broadcast.ts'
import type { DrawStage, SaleInfo } from '../../protocol/results.ts'

// What the console shows, as its page gets it. Times are ms since 1970, money is minor units.

export interface Board {
  readonly now: number
  readonly process: ProcessFacts & {
    /** `ready`, or why not. */
    readonly state: string
  }
  /** Of the whole cluster, as this gateway has heard of them; those that are on come first. */
  readonly sales: readonly BoardSale[]
  /** SKUs of sales that are not told here, because there are too many. */
  readonly skusLeftOut: number
  /** Of this process only. */
  readonly figures: Figures
}

/** What does not change while the process lives. */
export interface ProcessFacts {
  readonly node: string
  readonly role: string
  /** There are no other processes: what this one counts is all that there is. */
  readonly isAlone: boolean
  readonly durability: string
  readonly version: string
  readonly startedAt: number
}

export interface BoardSale {
  readonly sale: string
  readonly title: string
  readonly opensAt: number
  readonly closesAt?: number | undefined
  readonly state: SaleInfo['state']
  readonly saleLimitPerUser?: number | undefined
  readonly skus: readonly BoardSku[]
}

export interface BoardSku {
  readonly sku: string
  readonly title: string
  readonly priceMinor: number
  readonly currency: string
  readonly perUserMax: number
  readonly available: number
  readonly held: number
  readonly ordered: number
  readonly sold: number
  readonly waiting: number
  readonly state: SkuPhase
  /** People served from the line per second, smoothed. */
  readonly servedPerSecond: number
  readonly draw?: { readonly stage: DrawStage; readonly people: number } | undefined
}

/** What a process has counted, of what the console shows. Counters only rise; the page makes rates of two looks at them. */
export interface Figures {
  /** Calls answered, by method and code; `OK` is a result. */
  readonly calls: readonly { readonly method: string; readonly code: string; readonly count: number }[]
  /** The layers of the funnel, from the outside in, with the codes that each refuses with. */
  readonly funnel: readonly FunnelLayer[]
  readonly connections: Readonly<Record<string, number>>
  readonly usersConnected: number
  readonly pendingCalls: number
  readonly loop: { readonly activeSeconds: number; readonly idleSeconds: number }
  /** By state; of the shards of this process. */
  readonly openOrders: Readonly<Record<string, number>>
  readonly oldestOpenOrderSeconds: number
}

export interface FunnelLayer {
  readonly layer: string
  readonly passed: number
  readonly refused: Readonly<Record<string, number>>
}
