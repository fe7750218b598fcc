import { performance } from 'node:perf_hooks'
import { Bench } from 'tinybench'
import { BenchFault } from '../bench-fault.ts'
import type { MicroCase, MicroSuite } from './micro-case.ts'

/** What was measured, per operation. */
export interface MicroFigure {
  readonly name: string
  readonly unit: string
  /** Half of the runs took less, per operation. */
  readonly medianNs: number
  readonly p99Ns: number
  readonly operationsPerSecond: number
  readonly runs: number
  /** How long the event loop stood still for one run of so many operations. */
  readonly operations: number
  readonly blockedMs: number
}

const blockedRuns = 5

/** Measures the cases whose name contains `filter`, one after another, each for `ms`. Throws a {@link BenchFault} if there is none. */
export async function runMicro(
  suites: readonly MicroSuite[],
  filter: string,
  ms: number,
  told: (figure: MicroFigure) => void,
): Promise<readonly MicroFigure[]> {
  const figures: MicroFigure[] = []
  for (const build of suites) {
    const { cases, close } = await build()
    try {
      for (const one of cases) {
        if (!one.name.includes(filter)) continue
        const figure = await measure(one, ms)
        figures.push(figure)
        told(figure)
      }
    } finally {
      await close?.()
    }
  }
  if (figures.length === 0) throw new BenchFault(`no case has "${filter}" in its name`)
  return figures
}

async function measure(one: MicroCase, ms: number): Promise<MicroFigure> {
  const bench = new Bench({ time: ms, warmupTime: ms / 4, iterations: 10, warmupIterations: 3, throws: true })
  bench.add(one.name, () => one.run(), { beforeEach: () => one.prepare?.() })
  await bench.run()
  const result = bench.tasks[0]?.result
  if (result === undefined || !('latency' in result)) throw new BenchFault(`${one.name} could not be measured`)
  const { p50, p99, samplesCount } = result.latency
  return {
    name: one.name,
    unit: one.unit,
    medianNs: nsOf(p50, one),
    p99Ns: nsOf(p99, one),
    operationsPerSecond: Math.round((one.operations * 1000) / p50),
    runs: samplesCount,
    operations: one.operations,
    blockedMs: await blockedMs(one),
  }
}

/** The time in which the event loop did something, as its own account of itself has it. */
async function blockedMs(one: MicroCase): Promise<number> {
  const times: number[] = []
  for (let i = 0; i < blockedRuns; i++) {
    one.prepare?.()
    await new Promise((resolve) => {
      setTimeout(resolve, 1)
    })
    const before = performance.eventLoopUtilization()
    await one.run()
    times.push(performance.eventLoopUtilization(before).active)
  }
  const median = times.sort((a, b) => a - b)[Math.floor(blockedRuns / 2)] ?? 0
  return Math.round(median * 1000) / 1000
}

function nsOf(ms: number, one: MicroCase): number {
  return Math.round((ms * 1e7) / one.operations) / 10
}
