import type { Machine } from './cluster/machine.ts'
import type { FaultPlan } from './fault-plan.ts'
import type { Shape } from './shape.ts'

/** One thing that goes wrong, and how long it does. */
export type Fault = (plan: FaultPlan) => void

function crash(plan: FaultPlan): void {
  crashOne(plan, plan.anyMachine())
}

function crashOne(plan: FaultPlan, machine: Machine<unknown>): void {
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

/** A node's next record lands when the node is dead, or asleep, and another may have its shards. */
function lateRecord(plan: FaultPlan): void {
  const { random, hubs, cluster, shape } = plan
  const machine = random.pick(cluster.actors)
  const lateMs = random.between(50, shape.leaseMs * 4)
  hubs.store.slowNextWrite(machine.process, lateMs, () =>
    plan.later(random.between(0, 100), () => {
      if (random.is(0.5)) crashOne(plan, machine)
      else machine.pause(lateMs + random.between(0, shape.leaseMs))
    }),
  )
}

/** A node sleeps between the chunks of its next snapshot and the word that these are all: meanwhile another may store a newer one. */
function asleepInSnapshot(plan: FaultPlan): void {
  const { random, shape } = plan
  plan.whenNextStaged((machine) => machine.pause(random.between(shape.leaseMs, shape.leaseMs * 5)))
}

/** A gateway that its users reach, and that hears nothing of any shard. */
function deafGateway(plan: FaultPlan): void {
  const { random, hubs, cluster } = plan
  const { process } = random.pick(cluster.gateways)
  hubs.network.cut(process, 'in')
  plan.later(random.between(3_000, 15_000), () => hubs.network.heal(process))
}

/** As soon as a gateway knows that something is sold out it goes deaf, and does not hear that there is more. */
function deafToMore(plan: FaultPlan): void {
  const { random, hubs, cluster, crowd } = plan
  const machine = random.pick(cluster.gateways)
  plan.whenever(soldOutLookMs, soldOutWithinMs, () => {
    const view = [...machine.role.core.views.all()].find((one) => one.isSoldOut)
    if (view === undefined) return false
    const { process } = machine
    hubs.network.cut(process, 'in')
    crowd.wantMore(view.settings.sku)
    plan.later(random.between(8_000, 20_000), () => hubs.network.heal(process))
    return true
  })
}

const soldOutLookMs = 200
const soldOutWithinMs = 20_000

function cut(plan: FaultPlan): void {
  const { random, hubs } = plan
  const { process } = plan.anyMachine()
  const direction = random.pick(['in', 'out', 'both'] as const)
  hubs.network.cut(process, direction)
  if (direction !== 'both') plan.reach('partition one way')
  plan.later(random.between(100, 6_000), () => hubs.network.heal(process))
}

function clog(plan: FaultPlan): void {
  const { random, hubs } = plan
  hubs.network.clog(plan.anyMachine().process, random.between(100, 8_000), random.pick(['in', 'out', 'both'] as const))
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

/** Some are there more often than others. */
const faults: readonly Fault[] = [
  ...[crash, crash, pause, pause, pause, stopGracefully, lateRecord, lateRecord, asleepInSnapshot],
  ...[cut, cut, deafGateway, deafToMore, deafToMore, clog, disconnect, socketsCut],
  ...[storeOutage, slowStore, storeFailover, queueLoss],
]
const lossyFaults: readonly Fault[] = [...faults, storeFailover, storeFailover, storeFailover]

/** What may go wrong in a run. */
export function faultsOf({ losesRecords }: Shape): readonly Fault[] {
  return losesRecords ? lossyFaults : faults
}
