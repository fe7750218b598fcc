/** A user, or everyone of a range of addresses, whom operators keep out. */
export interface Ban {
  readonly kind: 'user' | 'range'
  /** The user's id; or a range such as `203.0.113.0/24`, in the one form that it has. */
  readonly target: string
  /** ms since 1970; null for good. */
  readonly until: number | null
  readonly reason: string
  readonly bannedAt: number
}

/** Bans at a time; all gateways keep all of them in memory. */
export const bansMax = 10_000
export const banReasonCharactersMax = 200
