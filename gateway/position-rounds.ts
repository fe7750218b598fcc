import type { Clock } from '../cluster/world.ts'
import { LineTurn, type Pace } from './line-turn.ts'
import { boundMsOf, freshWithinMs, nearShare, onTheWayMs, turnMsOf } from './position-bound.ts'
import { PositionSends, type PositionSendsParts, sliceMsMax } from './position-sends.ts'
import type { Presences } from './presence.ts'
import type { SkuView } from './sku-view.ts'
import type { Views } from './views.ts'

export interface PositionRoundsParts extends PositionSendsParts {
  readonly views: Pick<Views, 'all'>
  readonly presences: Presences
  readonly clock: Clock
  readonly budgetPerSecond: number
}

/**
 * Tells waiting users how many are ahead of them, and never a number that rises (G6): those near the front first, then those whose turn it is, within a
 * budget of frames. Who is told when follows from position-bound.ts, and does not depend on how many wait but in the length of a turn.
 */
export class PositionRounds {
  private readonly parts: PositionRoundsParts
  private readonly sends: PositionSends
  private turns = new Map<SkuView, LineTurn>()
  /** The line with which the next round begins, so that a long line does not use up every round. */
  private first = 0
  private isLate = false
  /** Claims that are followed here. */
  private waiting = 0

  constructor(parts: PositionRoundsParts) {
    this.parts = parts
    this.sends = new PositionSends(parts)
  }

  /**
   * Within this time every client that is here now hears of a change of its place. It follows from the budget, and is never stated better than what clients
   * have just had to wait, for a process that gets too little of its machine keeps no pace.
   */
  get boundMs(): number {
    return Math.max(boundMsOf(this.waiting, this.parts), Math.ceil(this.sends.lagMs + onTheWayMs(this.parts)))
  }

  /** Every tick: picks those who are to be told in the tick that follows, and begins to tell them. */
  run(): void {
    const { clock, budgetPerSecond, tickMs } = this.parts
    const turns = this.turnsNow()
    this.watchBound()
    const now = clock.monotonic()
    const room = Math.ceil((budgetPerSecond * tickMs) / 1000) - this.sends.waiting
    if (room > 0 && this.waiting > 0) {
      const turnMs = turnMsOf(this.waiting, this.parts)
      const pace: Pace = { now, ms: tickMs, turnMs, isOver: () => clock.monotonic() - now >= sliceMsMax }
      const nearRoom = Math.ceil(room * nearShare)
      let nearLeft = nearRoom
      for (const turn of turns) nearLeft = turn.pickNear(nearLeft)
      const farRoom = room - nearRoom + nearLeft
      for (const turn of turns) turn.pickDue(Math.ceil((farRoom * turn.claims.size) / this.waiting), pace)
      for (const turn of turns) this.sends.add(turn.view, turn.take())
    }
    this.sends.begin()
  }

  close(): void {
    this.sends.close()
  }

  /** Of every line with somebody here, beginning with another one each time. */
  private turnsNow(): readonly LineTurn[] {
    const { views, presences } = this.parts
    const turns = new Map<SkuView, LineTurn>()
    this.waiting = 0
    for (const view of views.all()) {
      const claims = presences.claimsOf(view)
      if (claims === undefined) continue
      const known = this.turns.get(view)
      turns.set(view, known?.claims === claims ? known : new LineTurn(view, claims))
      this.waiting += claims.size
    }
    this.turns = turns
    const all = [...turns.values()]
    this.first = all.length === 0 ? 0 : (this.first + 1) % all.length
    return [...all.slice(this.first), ...all.slice(0, this.first)]
  }

  private watchBound(): void {
    const { log, budgetPerSecond } = this.parts
    const { boundMs } = this
    const isLate = boundMs > freshWithinMs
    if (isLate === this.isLate) return
    this.isLate = isLate
    const fields = { boundMs, waiting: this.waiting, budgetPerSecond }
    if (isLate)
      log.warn(
        fields,
        'clients hear of a change of their place later than promised: more wait here than the send budget or the machine reaches',
      )
    else log.info(fields, 'clients hear of a change of their place in time again')
  }
}
