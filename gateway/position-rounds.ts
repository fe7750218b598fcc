import type { Clock } from '../cluster/world.ts'
import { estimateEta, estimateOdds } from '../protocol/estimate.ts'
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
  readonly views: Views
  readonly presences: Presences
  readonly clock: Clock
  readonly counters: GatewayCounters
  readonly budgetPerSecond: number
  readonly tickMs: number
}

/** Tells waiting users how many are ahead of them: the nearest first, within a budget of frames per tick, and never a number that rises (G6). */
export class PositionRounds {
  private readonly parts: PositionRoundsParts
  private readonly seen = new Map<SkuView, number>()

  constructor(parts: PositionRoundsParts) {
    this.parts = parts
  }

  /** One round over every line that has moved since each of its people was last told. */
  run(): void {
    const now = this.parts.clock.monotonic()
    let budget = Math.ceil((this.parts.budgetPerSecond * this.parts.tickMs) / 1000)
    for (const view of this.parts.views.all()) {
      if (budget <= 0) return
      const claims = this.parts.presences.claimsOf(view)
      if (claims === undefined || claims.size === 0 || this.seen.get(view) === view.lineVersion) continue
      const due = dueOf(view, claims.values(), now)
      const told = due.claims.slice(0, budget)
      for (const one of told) this.tell(view, one, now)
      budget -= told.length
      // Only when nobody is left out may the next round skip this line until it moves again.
      if (told.length === due.claims.length && due.complete) this.seen.set(view, view.lineVersion)
    }
  }

  private tell(view: SkuView, due: DueClaim, now: number): void {
    const { followed, ahead } = due
    followed.aheadShown = ahead
    followed.shownAt = now
    const { numbers } = view
    const notification = new Notification('line', {
      sku: view.settings.sku,
      ahead,
      eta: estimateEta(ahead, numbers.servedPerSecond),
      odds: estimateOdds(ahead, numbers),
    })
    for (const connection of followed.presence.connections) connection.notify(notification)
    this.parts.counters.positionFrames += followed.presence.connections.size
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

/** Claims with something new to say, the nearest first. */
function dueOf(view: SkuView, followedClaims: Iterable<FollowedClaim>, now: number): DueClaims {
  const claims: DueClaim[] = []
  let complete = true
  for (const followed of followedClaims) {
    if (!followed.waits) continue
    const ahead = view.line.countBefore(followed.claim)
    if (ahead >= followed.aheadShown) continue
    if (ahead < nearAhead || now - followed.shownAt >= farIntervalMs) claims.push({ followed, ahead })
    else complete = false
  }
  claims.sort((a, b) => a.ahead - b.ahead)
  return { claims, complete }
}
