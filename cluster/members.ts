/**
 * Who is there to own shards. A hint and no more: two nodes may see different members for a while, and the store's fence decides who owns what.
 * Every adapter passes `members-contract.ts`.
 */
export interface Members {
  /**
   * Says that this member is there for the next `ttlMs`, and asks who else is. Resolves with all live members, this one included, in the order of
   * their names. Rejects with a `StoreFault` if it cannot be said or asked.
   */
  beat(member: Member, ttlMs: number): Promise<readonly Member[]>
  /** Says that this member goes, so that others need not wait for its time to run out. */
  leave(name: string): Promise<void>
}

export interface Member {
  /** One run of one process. */
  readonly name: string
  /** `draining` members own what they have until it is handed over, and get nothing new. */
  readonly state: 'up' | 'draining'
}
