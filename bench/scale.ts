import { print, stoppableProgram } from './bench-program.ts'
import { linesOf } from './load/load-report.ts'
import { loadPeer } from './load/peer-load.ts'
import { thisCommit, thisMachine } from './machine.ts'
import { type CurveName, curves } from './scale/curves.ts'
import { scaleCommand, type ScaleOptions, scaleOptionsOf } from './scale/scale-options.ts'
import { save, savedRuns, scaleResult, type ScaleTerms } from './scale/scale-result.ts'
import { type RunPoint, runRound, type ScaleRun } from './scale/scale-run.ts'
import { tableOf } from './scale/scale-table.ts'

await stoppableProgram(scaleCommand(), scaleOptionsOf, measure)

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
