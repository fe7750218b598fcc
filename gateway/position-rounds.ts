import type { Clock } from '../cluster/world.ts'
import { estimateEta, estimateOdds } from '../protocol/estimate.ts'
import { claimKind } from '../protocol/frame.ts'
import type { GatewayCounters } from './gateway-counters.ts'
import { Notification } from './notification.ts'
import type { FollowedClaim, Presences } from './presence.ts'
import type { SkuView } from './sku-view.ts'
import type { Views } from './views.ts'

/** People this near the front hear of every change at once. */
export const nearAhead = 100
/** Everyone else hears of a change within this time, as far as the send budget reaches (G10). */
export const farIntervalMs = 2_000

export interface PositionRoundsParts {
  readonly views: Pick<Views, 'all'>
  readonly presences: Presences
  readonly clock: Clock
  readonly counters: GatewayCounters
  readonly budgetPerSecond: number
  readonly tickMs: number
}

/**
 * Tells waiting users how many are ahead of them, and never a number that rises (G6): those near the front first, then those who have waited longest
 * for news, within a budget of frames per tick.
 */
export class PositionRounds {
  private readonly parts: PositionRoundsParts
  private readonly seen = new Map<SkuView, number>()
  /** The line with which the next round begins, so that a long line does not use up every round. */
  private first = 0

  constructor(parts: PositionRoundsParts) {
    this.parts = parts
  }

  /** One round over every line that has moved since each of its people was last told. */
  run(): void {
    const now = this.parts.clock.monotonic()
    let budget = Math.ceil((this.parts.budgetPerSecond * this.parts.tickMs) / 1000)
    const views = [...this.parts.views.all()]
    this.first = views.length === 0 ? 0 : (this.first + 1) % views.length
    for (const view of [...views.slice(this.first), ...views.slice(0, this.first)]) {
      if (budget <= 0) return
      const claims = this.parts.presences.claimsOf(view)
      if (claims === undefined || this.seen.get(view) === view.lineVersion) continue
      const due = dueOf(view, claims.values(), now)
      let told = 0
      for (const one of due.claims) {
        if (budget <= 0) break
        budget -= this.tell(view, one, now)
        told++
      }
      // Only when nobody is left out may the next round skip this line until it moves again.
      if (told === due.claims.length && due.complete) this.seen.set(view, view.lineVersion)
    }
  }

  /** Returns how many frames it took. */
  private tell(view: SkuView, due: DueClaim, now: number): number {
    const { followed, ahead } = due
    const { connections } = followed.presence
    followed.aheadShown = ahead
    followed.shownAt = now
    const { numbers } = view
    const notification = new Notification('line', {
      sku: view.settings.sku,
      ticket: followed.claim,
      ahead,
      eta: estimateEta(ahead, numbers.outlook),
      odds: estimateOdds(ahead, numbers),
    })
    for (const connection of connections) connection.notify(notification)
    this.parts.counters.positionFrames += connections.size
    return connections.size
  }
}

interface DueClaim {
  readonly followed: FollowedClaim
  readonly ahead: number
}

interface DueClaims {
  readonly claims: readonly DueClaim[]
  /** False if some have to wait for their interval. */
  readonly complete: boolean
}

/** Claims with something new to say, in the order in which they are told. */
function dueOf(view: SkuView, followedClaims: Iterable<FollowedClaim>, now: number): DueClaims {
  const near: DueClaim[] = []
  const far: DueClaim[] = []
  let complete = true
  for (const followed of followedClaims) {
    // A place can be counted only when the view has it, and with it everyone who came before.
    if (followed.kind !== claimKind.ticket || !view.line.has(followed.claim)) continue
    const ahead = view.line.countBefore(followed.claim)
    if (ahead >= followed.aheadShown) continue
    // The number may be somebody else's by now, and so the place.
    if (followed.doubtedAt !== undefined) complete = false
    else if (ahead < nearAhead) near.push({ followed, ahead })
    else if (now - followed.shownAt >= farIntervalMs) far.push({ followed, ahead })
    else complete = false
  }
  near.sort((a, b) => a.ahead - b.ahead)
  far.sort((a, b) => a.followed.shownAt - b.followed.shownAt || a.ahead - b.ahead)
  return { claims: [...near, ...far], complete }
}
