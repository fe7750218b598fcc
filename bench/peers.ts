import { loadavg } from 'node:os'
import { print, stoppableProgram } from './bench-program.ts'
import { keepResult } from './kept-result.ts'
import { linesOf, type LoadReport } from './load/load-report.ts'
import type { Load } from './load/load.ts'
import { loadPeer } from './load/peer-load.ts'
import { thisCommit, thisMachine } from './machine.ts'
import { raceCommand, type RaceOptions, raceOptionsOf } from './peers/race-options.ts'
import { raceResult, type RaceTerms, savedRounds } from './peers/race-result.ts'
import { type Round, runRound } from './peers/race-rounds.ts'
import { tableOf } from './peers/race-table.ts'
import { nameOf } from './peers/race.ts'
import { requirePackages } from './servers/needed-packages.ts'

await stoppableProgram(raceCommand(), raceOptionsOf, runRace)

async function runRace(options: RaceOptions, stop: AbortSignal): Promise<void> {
  const { race, into, json } = options
  requirePackages([...race.ours, ...race.theirs].map(({ peer }) => peer))
  const terms = termsOf(options)
  const rounds = into === undefined ? [] : [...savedRounds(into, terms)]
  const settings = { durability: race.durability, snapshots: options.snapshots, seconds: options.seconds, warmupSeconds: options.warmup }
  const run = async (load: Load): Promise<LoadReport> => {
    const report = await loadPeer(load, settings, stop)
    for (const line of linesOf(report)) print(line)
    return report
  }
  for (let left = options.rounds; left > 0; left--) {
    const [loadAverage = 0] = loadavg()
    const at = new Date().toISOString()
    const round: Round = { at, loadAverage: Math.round(loadAverage * 10) / 10, reports: await runRound(race, run) }
    rounds.push(round)
    // After every round, so that one that is broken off takes only itself with it.
    if (into !== undefined) keepResult(into, raceResult(race, terms, rounds))
  }
  const result = raceResult(race, terms, rounds)
  for (const line of tableOf(race, result, rounds.length)) print(line)
  if (json) print(JSON.stringify(result))
}

/** How often is no term: rounds may be added later. */
function termsOf({ name, race, seconds, warmup, snapshots }: RaceOptions): RaceTerms {
  const words = ['npm run bench:peers -- --race', name, '--seconds', seconds, '--warmup', warmup, ...(snapshots ? ['--snapshots'] : [])]
  return {
    what: words.join(' '),
    commit: thisCommit(),
    machine: thisMachine(),
    seconds,
    warmupSeconds: warmup,
    loads: [...race.ours, ...race.theirs].map(nameOf),
  }
}
