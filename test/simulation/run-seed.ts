import { Reached, situations } from './reached.ts'
import { Scheduler, simulationStart } from './scheduler.ts'
import type { SeedOptions, SeedReport } from './seed-report.ts'
import { SeededRandom } from './seeded-random.ts'
import { SimProcess } from './sim-process.ts'
import { Trace } from './trace.ts'

const simulatedMs = 60_000

/** A stand-in: some processes that tick by chance until one of them dies. */
export async function runSeed({ seed, keepTraceLines }: SeedOptions): Promise<SeedReport> {
  const beganAt = performance.now()
  const scheduler = new Scheduler()
  const trace = new Trace(keepTraceLines)
  const random = new SeededRandom(seed)
  const reached = new Reached()
  for (const situation of situations) reached.count(situation)
  for (let i = 0; i < 5; i++) {
    const name = `actors-${i}`
    const process = new SimProcess({ scheduler, trace, random: random.fork(name), name, skewMs: random.below(200) })
    const { world } = process
    world.timers.every(10 + random.below(90), () => {
      trace.add(scheduler.now - simulationStart, name, `ticks ${world.random.id(4)}`)
      if (world.random.next() < 0.001) process.crash()
    })
  }
  await scheduler.run(simulationStart + simulatedMs)
  return {
    seed,
    simulatedSeconds: simulatedMs / 1000,
    events: scheduler.events,
    traceHash: trace.hash,
    problems: [],
    reached: reached.toJSON(),
    trace: trace.tail(),
    wallMs: performance.now() - beganAt,
  }
}
