import type { UserId } from '../protocol/ids.ts'
import type { Connection } from './connection.ts'
import type { SkuView } from './sku-view.ts'

/** A claim of a user who is connected here, followed from answer to end. */
export interface FollowedClaim {
  readonly view: SkuView
  readonly claim: number
  readonly presence: Presence
  /** Whether it waits in line: such claims get position frames. */
  waits: boolean
  /** What the user was last shown, so that it never rises and is not sent twice. */
  aheadShown: number
  shownAt: number
}

/** One user with all their WebSockets at this gateway. */
export class Presence {
  readonly user: UserId
  readonly connections = new Set<Connection>()
  /** By SKU: the user's latest claim. */
  readonly claims = new Map<string, FollowedClaim>()

  constructor(user: UserId) {
    this.user = user
  }
}

/** Told when a user's first connection here opens and when the last one closes: the session actor wants to know. */
export interface PresenceListener {
  attached(user: UserId): void
  detached(user: UserId): void
}

/** Who is connected here, and which claims are theirs. */
export class Presences {
  private readonly byUser = new Map<UserId, Presence>()
  private readonly bySku = new Map<SkuView, Map<number, FollowedClaim>>()
  private readonly listener: PresenceListener

  constructor(listener: PresenceListener) {
    this.listener = listener
  }

  get size(): number {
    return this.byUser.size
  }

  find(user: UserId): Presence | undefined {
    return this.byUser.get(user)
  }

  /** Users who are connected, for a new session owner who has to be told again. */
  users(): IterableIterator<UserId> {
    return this.byUser.keys()
  }

  join(user: UserId, connection: Connection): Presence {
    let presence = this.byUser.get(user)
    if (presence === undefined) {
      presence = new Presence(user)
      this.byUser.set(user, presence)
      this.listener.attached(user)
    }
    presence.connections.add(connection)
    return presence
  }

  leave(user: UserId, connection: Connection): void {
    const presence = this.byUser.get(user)
    if (presence === undefined) return
    presence.connections.delete(connection)
    if (presence.connections.size > 0) return
    this.byUser.delete(user)
    for (const followed of presence.claims.values()) this.bySku.get(followed.view)?.delete(followed.claim)
    this.listener.detached(user)
  }

  /** Follows a claim of a user who is here; a new claim on the same SKU takes the place of the former. */
  follow(presence: Presence, view: SkuView, claim: number, waits: boolean): FollowedClaim {
    const sku = view.settings.sku
    const former = presence.claims.get(sku)
    if (former?.claim === claim) {
      former.waits = waits
      return former
    }
    let claims = this.bySku.get(view)
    if (claims === undefined) {
      claims = new Map()
      this.bySku.set(view, claims)
    }
    if (former !== undefined) claims.delete(former.claim)
    const followed: FollowedClaim = { view, claim, presence, waits, aheadShown: Number.MAX_SAFE_INTEGER, shownAt: 0 }
    claims.set(claim, followed)
    presence.claims.set(sku, followed)
    return followed
  }

  claimsOf(view: SkuView): ReadonlyMap<number, FollowedClaim> | undefined {
    return this.bySku.get(view)
  }
}
