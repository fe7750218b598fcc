import type { LiveBooks } from '../checkers/live-books.ts'
import type { SimCluster } from './cluster/sim-cluster.ts'
import type { Reached, Situation } from './reached.ts'

/** Counts the situations that the real code counts itself, by looking at its counters now and then: a process that dies takes them along. */
export class ReachedWatch {
  private readonly reached: Reached
  private readonly cluster: SimCluster
  private readonly before = new WeakMap<object, Map<Situation, number>>()

  constructor(reached: Reached, cluster: SimCluster) {
    this.reached = reached
    this.cluster = cluster
  }

  look(): void {
    for (const { role } of this.cluster.actors) {
      const { host } = role.role
      this.note(host, 'shard handed over', host.counters.handedOver)
      this.note(host, 'hand-over in mid-batch', host.counters.handedOverInBatch)
      for (const [, { counters }] of host.entries()) {
        this.note(counters, 'command after its deadline', counters.late)
        this.note(counters, 'mailbox full', counters.busyFrames)
      }
    }
    for (const { role } of this.cluster.gateways) {
      const { views, counters, gates } = role.core
      this.note(views, 'view read anew', views.resyncs)
      this.note(views, 'stale view', views.stale)
      this.note(counters, 'refused by the view', counters.layers.stockView)
      this.note(counters, 'pending table full', counters.layers.pending)
      this.note(counters, 'refused by overload', counters.layers.overload)
      this.note(counters, 'refused by the breaker of a shard', counters.layers.breaker)
      this.note(gates, 'overload of a shard', gates.overloads)
    }
  }

  /** What only the whole story of an order shows. */
  conclude(books: LiveBooks): void {
    for (const history of books.allSkus()) {
      const { marks, refunds, claims, ownersInDraw } = history
      this.reached.count('owner lost in a draw', ownersInDraw)
      for (const { claim, amountMinor, state } of refunds.values()) {
        const isWhole = amountMinor === claims.get(claim)?.amountMinor
        if (state === 'done') this.reached.count(isWhole ? 'paid order refunded as a whole' : 'paid order refunded in part')
      }
      for (const mine of marks.values()) {
        for (const [index, { state, step, past }] of mine.entries()) {
          if (state === 'pending' && history.momentAt(step)?.priceMinor !== past.priceMinor) this.reached.count('order for a former price')
          const from = mine[index - 2]?.state
          if (state === 'refunded' && from === 'overdue') this.reached.count('late payment refunded')
          if (state === 'refunded' && from === 'pending') this.reached.count('order cancelled and refunded')
          if (state === 'cancelled') this.reached.count('order cancelled uncharged')
          if (state === 'paid' && mine[index - 1]?.state === 'overdue') this.reached.count('late payment kept')
        }
      }
    }
  }

  private note(of: object, situation: Situation, count: number): void {
    const seen = this.before.get(of) ?? new Map<Situation, number>()
    this.before.set(of, seen)
    const more = count - (seen.get(situation) ?? 0)
    seen.set(situation, count)
    if (more > 0) this.reached.count(situation, more)
  }
}
