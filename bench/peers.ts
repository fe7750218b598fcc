import { renameSync, writeFileSync } from 'node:fs'
import { loadavg } from 'node:os'
import { CommanderError } from 'commander'
import { BenchFault } from './bench-fault.ts'
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
  try {
    await runRace(raceOptionsOf(raceCommand().parse([...words], { from: 'user' })), stop.signal)
    return exitCode.done
  } catch (error) {
    if (stop.signal.aborted) return exitCode.interrupted
    if (error instanceof CommanderError) return error.exitCode === 0 ? exitCode.done : exitCode.misused
    if (!(error instanceof BenchFault)) throw error
    process.stderr.write(`bench:peers: ${error.message}\n`)
    return exitCode.failed
  }
}

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
    if (into !== undefined) save(into, raceResult(race, terms, rounds))
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

function save(path: string, result: unknown): void {
  writeFileSync(`${path}.new`, `${JSON.stringify(result, null, 2)}\n`)
  renameSync(`${path}.new`, path)
}

function print(line: string): void {
  process.stdout.write(`${line}\n`)
}
