export interface OwnershipLimits {
  /** How long the store's leases run: its own setting, counted here by the local clock. */
  readonly leaseMs: number
  /** So much earlier than the store does this node take a lease for ended: clocks do not run alike. */
  readonly marginMs: number
  /** How long others take this node for being there after a beat. */
  readonly memberMs: number
  readonly beatMs: number
  /** Between two tries for a shard that should be here and is still another's: a lease that is over is noticed so much later. */
  readonly contestMs: number
  /** Shards that are recovered at once, and handed over at once. */
  readonly opensMax: number
  readonly handOversMax: number
  /** What a hand-over waits for a snapshot while the shard goes on working. */
  readonly prepareMsMax: number
  /** What it waits for the next owner, to read the shard before it is free and to open it then. */
  readonly answerMsMax: number
  /** What a node that ends waits until its shards are stored and given away. */
  readonly closeMsMax: number
  /** Pauses before a shard that failed is tried again: the first, and what they grow to. */
  readonly retryFirstMs: number
  readonly retryMostMs: number
  /** A shard that fails more often in a row is not going to work here. */
  readonly failuresMax: number
  /** One that worked for so long begins a new row. */
  readonly steadyMs: number
}

/**
 * The limits that belong to a lease. Six beats to a lease: a lost one is no loss. A member is missed before its lease ends, so that others stand ready when it
 * does; to miss one that lives costs a few claims that the store refuses.
 */
export function ownershipLimits(leaseMs: number): OwnershipLimits {
  return {
    leaseMs,
    marginMs: leaseMs / 10,
    memberMs: (leaseMs * 2) / 3,
    beatMs: leaseMs / 6,
    contestMs: leaseMs / 30,
    opensMax: 16,
    handOversMax: 2,
    prepareMsMax: 30_000,
    answerMsMax: leaseMs,
    closeMsMax: 15_000,
    retryFirstMs: 500,
    retryMostMs: 5_000,
    failuresMax: 5,
    steadyMs: 60_000,
  }
}
