import { setClimate } from './climate.ts'
import { SimCluster } from './cluster/sim-cluster.ts'
import { Crowd } from './crowd/crowd.ts'
import { FaultPlan } from './fault-plan.ts'
import type { Hubs } from './hubs.ts'
import { Judge } from './judge.ts'
import { ReachedWatch } from './reached-watch.ts'
import { Reached } from './reached.ts'
import { Scheduler, simulationStart } from './scheduler.ts'
import type { SeedOptions, SeedReport } from './seed-report.ts'
import { SeededRandom } from './seeded-random.ts'
import { drawShape, type Shape } from './shape.ts'
import { SimMembers } from './sim-members.ts'
import { SimNetwork } from './sim-network.ts'
import type { SimParts } from './sim-parts.ts'
import { SimProvider } from './sim-provider.ts'
import { SimQueue } from './sim-queue.ts'
import { SimSockets } from './sim-sockets.ts'
import { SimStore } from './sim-store.ts'
import { Trace } from './trace.ts'

/** How long things go wrong. */
const troubledMs = 50_000
/** How long users go on after that as if nothing had happened: what was missed meanwhile has to reach those who only wait. */
const shoppingMs = 25_000
/** After that, how long it may take until everything that was begun has ended. */
const resolveMsMax = 240_000
/** And then until what belongs to no order and no claim has come to rest too. */
const restMs = 10_000
/** After the last fault, until whoever is connected is expected to hear of everything in time: what was slow has arrived, and every shard has an owner. */
const calmAfterMs = 14_000
const lookMs = 1_000

/** One whole run: everything in it follows from the seed. */
export async function runSeed({ seed, keepTraceLines, sabotage }: SeedOptions): Promise<SeedReport> {
  const beganAt = performance.now()
  const parts: SimParts = {
    scheduler: new Scheduler(),
    random: new SeededRandom(seed),
    trace: new Trace(keepTraceLines),
    reached: new Reached(),
  }
  const { scheduler, random, trace, reached } = parts
  const shape = drawShape(random.fork('shape'))
  trace.add(0, 'run', JSON.stringify(shape))
  const hubs = makeHubs(parts, shape, sabotage)
  const judge = new Judge(parts, hubs, shape.sale)
  const onBug = (error: unknown): void => judge.bug(error)
  process.on('unhandledRejection', onBug)
  try {
    const cluster = new SimCluster(parts, hubs, shape, (_, reason) => judge.bug(reason))
    const crowd = new Crowd(parts, hubs, shape, judge)
    setClimate(hubs, random.fork('climate'), shape.trouble)
    const faults = new FaultPlan(parts, hubs, cluster, shape, crowd)
    crowd.begin(troubledMs + shoppingMs)
    faults.begin()
    const watch = new ReachedWatch(reached, cluster)
    const pass = async (until: number, isOver: () => boolean): Promise<void> => {
      while (scheduler.now < until && !isOver()) {
        await scheduler.run(Math.min(until, scheduler.now + lookMs))
        watch.look()
        if (scheduler.now - (faults.calmSince ?? Infinity) > calmAfterMs) judge.look(crowd.listeners())
      }
    }
    await pass(simulationStart + troubledMs, () => false)
    faults.end()
    await pass(scheduler.now + shoppingMs, () => false)
    crowd.end()
    await pass(scheduler.now + resolveMsMax, () => crowd.isQuiet && judge.isResolved)
    await pass(scheduler.now + restMs, () => false)
    watch.conclude(judge.books)
    await judge.conclude({ pending: crowd.pending(), gauges: cluster.gauges(), digests: cluster.digests() })
  } catch (error) {
    judge.bug(error)
  } finally {
    process.off('unhandledRejection', onBug)
  }
  return {
    seed,
    simulatedSeconds: (scheduler.now - simulationStart) / 1000,
    events: scheduler.events,
    traceHash: trace.hash,
    problems: judge.findings.problems,
    reached: reached.toJSON(),
    trace: trace.tail(),
    wallMs: performance.now() - beganAt,
  }
}

function makeHubs(parts: SimParts, shape: Shape, sabotage: SeedOptions['sabotage']): Hubs {
  const fork = (name: string): SimParts => ({ ...parts, random: parts.random.fork(name) })
  return {
    network: new SimNetwork(fork('network'), { sentBytesMax: shape.sentBytesMax, keptBytesMax: shape.keptBytesMax }),
    sockets: new SimSockets(fork('sockets')),
    store: new SimStore({
      ...fork('store'),
      shards: shape.shards,
      leaseMs: shape.leaseMs,
      ...(sabotage === undefined ? {} : { sabotage }),
    }),
    members: new SimMembers(fork('members')),
    queue: new SimQueue(fork('queue')),
    provider: new SimProvider(fork('provider')),
  }
}
