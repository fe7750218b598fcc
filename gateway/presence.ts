import { claimKind } from '../protocol/frame.ts'
import { hashText } from '../protocol/hash.ts'
import type { SkuId, UserId } from '../protocol/ids.ts'
import type { ClaimState } from '../protocol/results.ts'
import { isLive } from './claim-news.ts'
import type { UserSocket } from './connection.ts'
import type { SkuView } from './sku-view.ts'

/** A claim of a user who is connected here, followed from answer to end. */
export interface FollowedClaim {
  readonly view: SkuView
  readonly claim: number
  readonly presence: Presence
  /** What it is, by `claimKind` of protocol/frame.ts: tickets get position frames. */
  kind: number
  /** The newest that is known of it, which the user's connections were told; undefined for nothing yet. */
  state: ClaimState | undefined
  /** A connection has had an older word since, in an answer that came late. */
  mustTell: boolean
  /** When that was last heard, by the monotonic clock. */
  heardAt: number
  /** Since when it is not known whether the number is still this claim's, because its shard may have lost records; undefined if it is known. */
  doubtedAt: number | undefined
  /** Since when another device of the user may have been shown a newer place at another gateway than this one's view knows; undefined if none has. */
  placeDoubtedAt: number | undefined
  /** The place that the user was last shown, so that it never rises and is not sent twice. */
  aheadShown: number
  /** When that was shown, or was found to be still so. */
  shownAt: number
  /** A device could not be shown it, because it did not read. */
  isOwed: boolean
  /** A round has picked it to be told its place, which is still to be sent. */
  isPicked: boolean
}

export interface UnviewedClaim {
  readonly shard: number
  /** By the monotonic clock. */
  readonly heardAt: number
}

/** One user with all their WebSockets at this gateway. */
export class Presence {
  readonly user: UserId
  readonly userHash: number
  readonly connections = new Set<UserSocket>()
  /** By SKU: the user's latest claim. */
  readonly claims = new Map<string, FollowedClaim>()
  /** Of SKUs that have no view here yet: live claims that the user was told of in an answer. */
  readonly unviewed = new Map<SkuId, UnviewedClaim>()

  constructor(user: UserId) {
    this.user = user
    this.userHash = hashText(user)
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
  private readonly byHash = new Map<number, readonly Presence[]>()
  private readonly bySku = new Map<SkuView, Map<number, FollowedClaim>>()
  private readonly listener: PresenceListener

  constructor(listener: PresenceListener) {
    this.listener = listener
  }

  get size(): number {
    return this.byUser.size
  }

  /** Goes on with those who come while it is used. */
  users(): IterableIterator<UserId, undefined> {
    return this.byUser.keys()
  }

  find(user: UserId): Presence | undefined {
    return this.byUser.get(user)
  }

  /** The user whose id stands in `bytes[from, to)`, in ASCII. */
  findScanned(hash: number, bytes: Uint8Array, from: number, to: number): Presence | undefined {
    return this.byHash.get(hash)?.find((presence) => isNamed(presence.user, bytes, from, to))
  }

  join(user: UserId, connection: UserSocket): Presence {
    let presence = this.byUser.get(user)
    if (presence === undefined) {
      presence = new Presence(user)
      this.byUser.set(user, presence)
      this.byHash.set(presence.userHash, [...(this.byHash.get(presence.userHash) ?? []), presence])
      this.listener.attached(user)
    }
    presence.connections.add(connection)
    return presence
  }

  leave(user: UserId, connection: UserSocket): void {
    const presence = this.byUser.get(user)
    if (presence === undefined) return
    presence.connections.delete(connection)
    if (presence.connections.size > 0) return
    this.byUser.delete(user)
    const others = this.byHash.get(presence.userHash)?.filter((other) => other !== presence) ?? []
    if (others.length === 0) this.byHash.delete(presence.userHash)
    else this.byHash.set(presence.userHash, others)
    for (const followed of presence.claims.values()) this.forget(followed)
    this.listener.detached(user)
  }

  /** Follows a claim of a user who is here; a new claim on the same SKU takes the place of the former. */
  follow(presence: Presence, view: SkuView, claim: number): FollowedClaim {
    const sku = view.settings.sku
    const former = presence.claims.get(sku)
    if (former?.claim === claim) return former
    if (former !== undefined) this.forget(former)
    const followed: FollowedClaim = {
      view,
      claim,
      presence,
      kind: claimKind.none,
      state: undefined,
      mustTell: false,
      heardAt: 0,
      doubtedAt: undefined,
      placeDoubtedAt: undefined,
      aheadShown: Number.MAX_SAFE_INTEGER,
      shownAt: 0,
      isOwed: false,
      isPicked: false,
    }
    const claims = this.bySku.get(view)
    if (claims === undefined) this.bySku.set(view, new Map([[claim, followed]]))
    else claims.set(claim, followed)
    presence.claims.set(sku, followed)
    return followed
  }

  claimsOf(view: SkuView): ReadonlyMap<number, FollowedClaim> | undefined {
    return this.bySku.get(view)
  }

  /** There is no such claim any more. */
  unfollow(followed: FollowedClaim): void {
    const { claims } = followed.presence
    const sku = followed.view.settings.sku
    if (claims.get(sku) === followed) claims.delete(sku)
    this.forget(followed)
  }

  private forget(followed: FollowedClaim): void {
    const claims = this.bySku.get(followed.view)
    // After a shard has lost its newest records a number may be another user's claim by now.
    if (claims?.get(followed.claim) === followed) claims.delete(followed.claim)
    if (claims?.size === 0) this.bySku.delete(followed.view)
  }
}

/** Whether the user is known here to have something of this SKU, so that a `buy` repeats what was let in already. */
export function holdsClaim(presence: Presence | undefined, sku: string | undefined): boolean {
  const state = sku === undefined ? undefined : presence?.claims.get(sku)?.state
  return state !== undefined && isLive(state)
}

/** Whether this gateway's view may say how many are ahead of the claim. */
export function isPlaceSure({ doubtedAt, placeDoubtedAt }: FollowedClaim): boolean {
  return doubtedAt === undefined && placeDoubtedAt === undefined
}

function isNamed(user: string, bytes: Uint8Array, from: number, to: number): boolean {
  if (user.length !== to - from) return false
  for (let i = 0; i < user.length; i++) if (user.charCodeAt(i) !== bytes[from + i]) return false
  return true
}
