/** What a crowd is told to do. Sent between processes by `serialization: 'advanced'`. */
export type CrowdCommand =
  | {
      readonly kind: 'come'
      readonly first: number
      readonly count: number
      readonly sku: string
      readonly localAddress: string
      readonly connectRate: number
    }
  /** Clients are spread over these. */
  | { readonly kind: 'gateways'; readonly ports: readonly number[] }
  /** The loop's delay is measured from here on. */
  | { readonly kind: 'measure' }
  | { readonly kind: 'report' }

export type CrowdWord = ({ readonly kind: 'counts' } & CrowdCounts) | ({ readonly kind: 'report' } & CrowdReport)

export interface CrowdCounts {
  /** In line, or served since; connected. */
  readonly here: number
  readonly away: number
  readonly returned: number
}

export interface CrowdReport {
  readonly first: number
  readonly tickets: Uint32Array
  /** ms of the wall clock; 0 for those who never had to return. */
  readonly returnedAt: Float64Array
  readonly returns: number
  readonly here: number
  /** All places that were told: to whom (counted from `first`), when, and how many were ahead. */
  readonly whom: Uint32Array
  readonly at: Float64Array
  readonly ahead: Uint32Array
  readonly loopDelayP99Ms: number
}
