/**
 * One bucket of tokens for all gateways of a cluster. Nobody asks it per call: a gateway takes portions of it, by its demand, and spends them by itself
 * (`gateway/leased-tokens.ts`). Every adapter passes `shared-bucket-contract.ts`.
 */
export interface SharedBucket {
  /**
   * Takes up to `wanted` whole tokens and gives what there is; of a bucket that is short each holder gets a part by what it and the others want.
   * Rejects with a `StoreFault` if the bucket cannot be reached; whether tokens have left it is then unknown.
   */
  take(wish: PortionWish): Promise<Portion>
  /** Gives tokens back, and is not counted among the holders any more. */
  leave(holder: string, returned: number): Promise<void>
}

export interface BucketRate {
  readonly ratePerSecond: number
  /** Tokens that wait in the bucket at most. A bucket that was never asked is empty, so that no restart gives a burst. */
  readonly burst: number
}

export interface PortionWish {
  /** One run of one gateway. */
  readonly holder: string
  readonly wanted: number
  /** Tokens of earlier portions that it has no use for. */
  readonly returned: number
  /** Tokens that it has given itself while it could not reach the bucket, and that the bucket so far has taken from nobody. */
  readonly owed: number
}

export interface Portion {
  readonly granted: number
  /** Who has asked lately, this one included. */
  readonly holders: number
}

/** A holder that asked for nothing for so long is not counted any more. */
export const holderMs = 5_000
/** What a holder wanted counts against others for so long. */
export const demandMs = 500
