import { claimKind } from '../protocol/frame.ts'
import { nearAhead } from './position-bound.ts'
import { type FollowedClaim, isPlaceSure } from './presence.ts'
import type { SkuView } from './sku-view.ts'

/** Followed claims by number, in the order in which they came, which is the order of turns. */
type Claims = ReadonlyMap<number, FollowedClaim>

export interface Pace {
  readonly now: number
  /** The part of a turn that is due. */
  readonly ms: number
  /** The time in which everybody has a turn. */
  readonly turnMs: number
  /** Whether it has taken long enough; the others are overdue next time. */
  readonly isOver: () => boolean
}

/** Between two looks at the clock. */
const stepsPerLook = 256

/**
 * Whose turn it is in one line: those near the front whenever it has moved, and everybody in an endless round, so that nobody has to be searched for. The
 * round is paced by the turn's length, which spreads the frames evenly however people came; who has waited longer than that goes at once.
 */
export class LineTurn {
  readonly view: SkuView
  readonly claims: Claims
  private round: Iterator<FollowedClaim, undefined>
  private next: FollowedClaim | undefined
  private picked: FollowedClaim[] = []
  /** Turns that are due, in parts of one. */
  private credit = 0
  /** The state of the line in which all near its front were told. */
  private nearVersion = -1

  constructor(view: SkuView, claims: Claims) {
    this.view = view
    this.claims = claims
    this.round = claims.values()
  }

  /** Who was picked since the last call, the nearest first. */
  take(): readonly FollowedClaim[] {
    const { picked } = this
    this.picked = []
    return picked
  }

  /** Picks those near the front who have something to be told, for so many frames at most; returns how many are left of them. */
  pickNear(framesMax: number): number {
    const { line, lineVersion } = this.view
    if (this.nearVersion === lineVersion) return framesMax
    let room = framesMax
    let isComplete = true
    let claim = line.first()
    for (let ahead = 0; ahead < nearAhead && claim >= 0; ahead++, claim = line.nextFrom(claim + 1)) {
      const followed = this.claims.get(claim)
      if (followed === undefined || !isNews(followed, ahead)) continue
      if (!isPlaceSure(followed) || followed.isPicked || room <= 0) isComplete = false
      else room -= this.pick(followed)
    }
    if (isComplete) this.nearVersion = lineVersion
    return room
  }

  /** Picks those whose turn has come and who have something to be told, for so many frames at most. */
  pickDue(framesMax: number, { now, ms, turnMs, isOver }: Pace): void {
    let room = framesMax
    const due = (this.claims.size * ms) / turnMs
    // What there was no room for is no reason to do it all at once later: those are overdue then.
    this.credit = Math.min(this.credit + due, due + 1)
    for (let steps = 1; steps <= this.claims.size && room > 0; steps++) {
      const followed = this.peek()
      if (followed === undefined || (steps % stepsPerLook === 0 && isOver())) return
      // Who is to be told already stands in nobody's way.
      if (!followed.isPicked && this.credit < 1 && !this.isOverdue(followed, now - turnMs)) return
      this.next = undefined
      this.credit = Math.max(0, this.credit - 1)
      if (!followed.isPicked) room -= this.visit(followed, now)
    }
  }

  /** Returns how many frames it takes. */
  private visit(followed: FollowedClaim, now: number): number {
    if (!this.hasPlace(followed)) return 0
    const ahead = this.view.line.countBefore(followed.claim)
    if (isNews(followed, ahead)) return this.pick(followed)
    if (ahead === followed.aheadShown) followed.shownAt = now
    return 0
  }

  /** All sockets of the user are told. */
  private pick(followed: FollowedClaim): number {
    followed.isPicked = true
    this.picked.push(followed)
    return followed.presence.connections.size
  }

  private isOverdue(followed: FollowedClaim, since: number): boolean {
    return followed.shownAt <= since && this.hasPlace(followed)
  }

  private hasPlace(followed: FollowedClaim): boolean {
    return followed.kind === claimKind.ticket && isPlaceSure(followed) && this.view.line.has(followed.claim)
  }

  /** Whose turn is next; who has gone meanwhile has none. */
  private peek(): FollowedClaim | undefined {
    if (this.next !== undefined && this.claims.get(this.next.claim) === this.next) return this.next
    this.next = this.round.next().value
    if (this.next === undefined) {
      this.round = this.claims.values()
      this.next = this.round.next().value
    }
    return this.next
  }
}

/** The place has fallen since it was shown, or a device that did not read could not be shown it. */
export function isNews({ kind, aheadShown, isOwed }: FollowedClaim, ahead: number): boolean {
  if (kind !== claimKind.ticket) return false
  return ahead < aheadShown || (isOwed && ahead === aheadShown)
}

/**
 * How many are ahead of a claim that its user still has and that still waits; undefined if that cannot be said. A place can be counted only when the view
 * has it, and with it everyone who came before; where its shard may have lost records the number may be somebody else's by now, and so the place; and
 * a device that has just come may know a newer one.
 */
export function placeOf(followed: FollowedClaim): number | undefined {
  const { view, claim, presence } = followed
  const { connections, claims } = presence
  if (connections.size === 0 || claims.get(view.settings.sku)?.claim !== claim || !isPlaceSure(followed)) return undefined
  return view.line.has(claim) ? view.line.countBefore(claim) : undefined
}
