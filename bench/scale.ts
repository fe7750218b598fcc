import { CommanderError } from 'commander'
import { BenchFault } from './bench-fault.ts'
import { linesOf } from './load/load-report.ts'
import { loadPeer } from './load/peer-load.ts'
import { thisCommit, thisMachine } from './machine.ts'
import { type CurveName, curves } from './scale/curves.ts'
import { scaleCommand, type ScaleOptions, scaleOptionsOf } from './scale/scale-options.ts'
import { save, savedRuns, scaleResult, type ScaleTerms } from './scale/scale-result.ts'
import { type RunPoint, runRound, type ScaleRun } from './scale/scale-run.ts'
import { tableOf } from './scale/scale-table.ts'

/** Ends: 0 done, 1 failed, 2 asked for wrongly, and as shells have it 128 + 2 after Ctrl-C. */
const exitCode = { done: 0, failed: 1, misused: 2, interrupted: 130 } as const

process.exitCode = await main(process.argv.slice(2))

async function main(words: readonly string[]): Promise<number> {
  const stop = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => {
      process.once(signal, () => process.exit(exitCode.interrupted))
      stop.abort()
    })
  }
  let options: ScaleOptions | undefined
  try {
    options = scaleOptionsOf(scaleCommand().parse([...words], { from: 'user' }))
    await measure(options, stop.signal)
    return exitCode.done
  } catch (error) {
    if (stop.signal.aborted) return exitCode.interrupted
    if (error instanceof CommanderError) return error.exitCode === 0 ? exitCode.done : exitCode.misused
    if (!(error instanceof BenchFault)) throw error
    process.stderr.write(`bench:scale: ${error.message}\n`)
    return options === undefined ? exitCode.misused : exitCode.failed
  }
}

async function measure(options: ScaleOptions, stop: AbortSignal): Promise<void> {
  const { rounds, seconds, warmup, into, json } = options
  const terms: ScaleTerms = {
    what: commandOf(options),
    commit: thisCommit(),
    machine: thisMachine(),
    rounds,
    seconds,
    warmupSeconds: warmup,
  }
  const runs: ScaleRun[] = into === undefined ? [] : [...savedRuns(into, terms, options.curves)]
  let left = options.curves.reduce((sum, name) => sum + loadsOf(name), 0) * rounds
  const run: RunPoint = async ({ load }, { rate, durability, warmupSeconds }) => {
    const report = await loadPeer(load, { durability, snapshots: false, seconds, warmupSeconds, rate }, stop)
    left--
    print(`${linesOf(report).slice(0, 2).join('')}; ${left} loads to go`)
    return report
  }
  for (const name of options.curves) {
    for (let round = 0; round < rounds; round++) runs.push(...(await runRound(name, round, warmup, run)))
    // After every curve, so that one that is broken off takes only itself with it.
    if (into !== undefined) save(into, scaleResult(terms, runs))
  }
  const result = scaleResult(terms, runs)
  for (const line of tableOf(result)) print(line)
  if (json) print(JSON.stringify(result))
}

function loadsOf(name: CurveName): number {
  return Object.values(curves[name].lines).reduce((sum, points) => sum + points.length, 0)
}

/** Which curves is no term: others may be added later. */
function commandOf({ rounds, seconds, warmup }: ScaleOptions): string {
  return `npm run bench:scale -- --rounds ${rounds} --seconds ${seconds} --warmup ${warmup}`
}

function print(line: string): void {
  process.stdout.write(`${line}\n`)
}
