import type { Machine } from './cluster/machine.ts'
import type { SimCluster } from './cluster/sim-cluster.ts'
import type { Crowd } from './crowd/crowd.ts'
import { faultsOf } from './faults.ts'
import type { Hubs } from './hubs.ts'
import type { SeededRandom } from './seeded-random.ts'
import type { Shape } from './shape.ts'
import type { SimParts } from './sim-parts.ts'

/** Mean time between two faults of a run with trouble 1. */
const faultEveryMs = 1_500

/**
 * What goes wrong, and when: machines crash, stop for a while and come back, links break in one or both directions, the store and the queue fail.
 * Weather (loss, delay) goes on all the time; these are the storms. After {@link FaultPlan.end} everything heals.
 */
export class FaultPlan {
  readonly random: SeededRandom
  readonly hubs: Hubs
  readonly cluster: SimCluster
  readonly shape: Shape
  readonly crowd: Pick<Crowd, 'wantMore'>
  private readonly run: SimParts
  private isOver = false
  private onStaged: ((machine: Machine<unknown>) => void) | undefined
  /** Since when nothing goes wrong on purpose or by chance; undefined while something may. */
  calmSince: number | undefined

  constructor(run: SimParts, hubs: Hubs, cluster: SimCluster, shape: Shape, crowd: Pick<Crowd, 'wantMore'>) {
    this.crowd = crowd
    this.run = run
    this.random = run.random.fork('faults')
    this.hubs = hubs
    this.cluster = cluster
    this.shape = shape
    hubs.store.observe({ onStaged: (by) => this.staged(by) })
  }

  begin(): void {
    if (this.shape.trouble > 0) this.next()
    else this.calmSince = this.run.scheduler.now
  }

  /** Nothing new goes wrong, what is down comes up, links and services are whole. */
  end(): void {
    this.isOver = true
    this.calmSince ??= this.run.scheduler.now
    const { network, sockets, store, members, queue, provider } = this.hubs
    for (const hub of [network, sockets, store, members, queue, provider]) hub.healAll()
    for (const machine of this.cluster.machines) {
      machine.process.wake()
      machine.restart()
    }
  }

  anyMachine(): Machine<unknown> {
    return this.random.pick(this.cluster.machines)
  }

  later(ms: number, run: () => void): void {
    this.run.scheduler.after(ms, () => {
      if (!this.isOver) run()
    })
  }

  /** Looks every so often, until it was as wanted or the time is over. */
  whenever(everyMs: number, withinMs: number, look: () => boolean): void {
    if (withinMs <= 0 || look()) return
    this.later(everyMs, () => this.whenever(everyMs, withinMs - everyMs, look))
  }

  /** Once, when chunks of a snapshot are next at the store. */
  whenNextStaged(run: (machine: Machine<unknown>) => void): void {
    this.onStaged = run
  }

  private staged(by: string): void {
    const machine = this.cluster.actors.find(({ process }) => process.name === by)
    if (machine === undefined || this.isOver) return
    this.onStaged?.(machine)
    this.onStaged = undefined
  }

  private next(): void {
    const { random, shape } = this
    this.later(random.between(50, (2 * faultEveryMs) / shape.trouble), () => {
      random.pick(faultsOf(shape))(this)
      this.next()
    })
  }

  reach(situation: Parameters<SimParts['reached']['count']>[0]): void {
    this.run.reached.count(situation)
  }
}
