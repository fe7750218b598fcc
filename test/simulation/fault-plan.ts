import type { Machine } from './cluster/machine.ts'
import type { SimCluster } from './cluster/sim-cluster.ts'
import type { Hubs } from './hubs.ts'
import type { SeededRandom } from './seeded-random.ts'
import type { Shape } from './shape.ts'
import type { SimParts } from './sim-parts.ts'
import { fairWeather } from './store/store-weather.ts'

/** Mean time between two faults of a run with trouble 1. */
const faultEveryMs = 1_500

type Fault = (plan: FaultPlan) => void

/**
 * What goes wrong, and when: machines crash, stop for a while and come back, links break in one or both directions, the store and the queue fail.
 * Weather (loss, delay) goes on all the time; these are the storms. After {@link FaultPlan.end} everything heals.
 */
export class FaultPlan {
  readonly random: SeededRandom
  readonly hubs: Hubs
  readonly cluster: SimCluster
  readonly shape: Shape
  private readonly run: SimParts
  private isOver = false
  /** Since when nothing goes wrong on purpose or by chance; undefined while something may. */
  calmSince: number | undefined

  constructor(run: SimParts, hubs: Hubs, cluster: SimCluster, shape: Shape) {
    this.run = run
    this.random = run.random.fork('faults')
    this.hubs = hubs
    this.cluster = cluster
    this.shape = shape
  }

  begin(): void {
    if (this.shape.trouble > 0) this.next()
    else this.calmSince = this.run.scheduler.now
  }

  /** Nothing new goes wrong, what is down comes up, links and services are whole. */
  end(): void {
    this.isOver = true
    this.calmSince ??= this.run.scheduler.now
    const { network, store, members, queue, provider, sockets } = this.hubs
    for (const hub of [network, sockets, members, queue, provider]) hub.healAll()
    Object.assign(store.weather, fairWeather())
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

  private next(): void {
    const { random, shape } = this
    this.later(random.between(50, (2 * faultEveryMs) / shape.trouble), () => {
      random.pick(faults)(this)
      this.next()
    })
  }

  reach(situation: Parameters<SimParts['reached']['count']>[0]): void {
    this.run.reached.count(situation)
  }
}

function crash(plan: FaultPlan): void {
  const machine = plan.anyMachine()
  machine.crash()
  plan.later(plan.random.between(10, 8_000), () => machine.restart())
}

function pause(plan: FaultPlan): void {
  const { random, shape, cluster } = plan
  const machine = random.is(0.7) ? random.pick(cluster.actors) : plan.anyMachine()
  const ms = random.between(50, shape.leaseMs * 3)
  if (machine.isUp && ms > shape.leaseMs && cluster.actors.some((one) => one === machine))
    plan.reach('lease ran out while its owner was paused')
  machine.pause(ms)
}

function stopGracefully(plan: FaultPlan): void {
  const { random, cluster } = plan
  const machine = random.pick(cluster.actors)
  if (!machine.isUp || machine.process.isPaused) return
  const { process } = machine
  cluster.stopActors(machine).catch((error: unknown) => process.world.log.error({ error: String(error) }, 'a node could not be stopped'))
  plan.later(random.between(3_000, 10_000), () => machine.restart())
}

function cut(plan: FaultPlan): void {
  const { random, hubs } = plan
  const { process } = plan.anyMachine()
  const direction = random.pick(['in', 'out', 'both'] as const)
  hubs.network.cut(process, direction)
  if (direction !== 'both') plan.reach('partition one way')
  plan.later(random.between(100, 6_000), () => hubs.network.heal(process))
}

function clog(plan: FaultPlan): void {
  plan.hubs.network.clog(plan.anyMachine().process, plan.random.between(100, 3_000))
}

function disconnect(plan: FaultPlan): void {
  plan.hubs.network.disconnect(plan.anyMachine().process, plan.random.between(50, 2_000))
}

function storeOutage(plan: FaultPlan): void {
  plan.hubs.store.outage(plan.random.between(100, 3_000))
}

function slowStore(plan: FaultPlan): void {
  const { random } = plan
  plan.hubs.store.slow(plan.anyMachine().process, random.between(100, 5_000), random.between(100, 2_000))
}

function storeFailover(plan: FaultPlan): void {
  const { random, hubs, shape } = plan
  hubs.store.failover({ ms: shape.losesRecords ? random.between(1, 1_500) : 0 })
}

function queueLoss(plan: FaultPlan): void {
  plan.hubs.queue.loseEverything()
}

function socketsCut(plan: FaultPlan): void {
  const { process } = plan.random.pick(plan.cluster.gateways)
  plan.hubs.sockets.cut(process, plan.random.pick(['both', 'client', 'server', 'none'] as const))
}

const faults: readonly Fault[] = [
  crash,
  crash,
  pause,
  pause,
  pause,
  stopGracefully,
  cut,
  cut,
  clog,
  disconnect,
  storeOutage,
  slowStore,
  storeFailover,
  queueLoss,
  socketsCut,
]
