import { WebSocket } from 'ws'
import type { Timer, World } from '../../cluster/world.ts'
import { type CrowdHabits, pickHabit } from '../../ops/rush/habit.ts'
import { RushMeters } from '../../ops/rush/rush-meters.ts'
import { Shopper } from '../../ops/rush/shopper.ts'
import { connectSocket, type SocketConstructor } from '../../protocol/client/index.ts'
import { benchUserHeader } from '../servers/sluice-sale.ts'

export interface VisitorPlan {
  /** For example `ws://127.0.0.1:7080/v1/ws`. */
  readonly url: string
  /** Each visit is for one of these, by chance. */
  readonly skus: readonly string[]
  /** So many people take turns. */
  readonly people: number
  readonly perSecond: number
}

/** More of them think better of it than in a rush, so that every way in which a claim ends is taken all the time. */
const habits: CrowdHabits = { leaveShare: 0.2, lapseShare: 0.05, declineShare: 0.05, thinkMsMax: 3_000 }

/** The same people, who come by WebSocket, shop for one thing, go and come again later. */
export class Visitors {
  /** How visits ended. */
  readonly outcomes: Record<string, number> = {}
  readonly meters = new RushMeters()
  private readonly plan: VisitorPlan
  private readonly world: World
  private readonly inside = new Set<Shopper>()
  private readonly visits = new Set<Promise<void>>()
  private readonly ticker: Timer
  private visit = 0

  constructor(plan: VisitorPlan, world: World) {
    this.plan = plan
    this.world = world
    this.ticker = world.timers.every(1000 / plan.perSecond, () => this.letIn())
  }

  /** People who are there now. */
  get present(): number {
    return this.inside.size
  }

  /** Sends everyone home. */
  async close(): Promise<void> {
    this.ticker.cancel()
    for (const shopper of this.inside) shopper.end('stopped')
    await Promise.all(this.visits)
  }

  private letIn(): void {
    const visit = this.shop(this.visit++ % this.plan.people)
    this.visits.add(visit)
    void visit.finally(() => this.visits.delete(visit))
  }

  private async shop(person: number): Promise<void> {
    const { plan, world, meters } = this
    const sku = plan.skus[Math.floor(world.random.next() * plan.skus.length)] ?? ''
    const client = connectSocket({ url: plan.url, WebSocket: socketOf(`visitor-${person}`) })
    const shopper = new Shopper({ client, sku, habit: pickHabit(habits, world.random), world, meters, onStage: () => {} })
    this.inside.add(shopper)
    const outcome = await shopper.shop()
    client.close()
    this.inside.delete(shopper)
    this.outcomes[outcome] = (this.outcomes[outcome] ?? 0) + 1
  }
}

/** Of somebody whom a proxy names that the node trusts. */
function socketOf(user: string): SocketConstructor {
  return class extends WebSocket {
    constructor(url: string, protocols: string[]) {
      super(url, protocols, { perMessageDeflate: false, headers: { [benchUserHeader]: user } })
    }
  }
}
